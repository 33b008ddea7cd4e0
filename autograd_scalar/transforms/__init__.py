"""Derivatives of functions: grad, jacobian, hessian, jvp, vjp, hvp."""
