// The rows by name, and two functions that only the texts of rows call; mathematics() defines the others of `math`.
math.div = (x, y) => x / y;

// Parts divided by their sum if it is positive and finite, else the parts.
math.shares = (parts) => {
  const total = parts.reduce((sum, part) => sum + part, 0);
  return total > 0 && total < Infinity ? parts.map((part) => part / total) : parts;
};
const rows = Object.create(null);
