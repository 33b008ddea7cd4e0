"""A page that trains a network: its layers, data and optimizer change while it learns."""
