"""One module an SDK action, each of the same shape: read, plan, answer."""
