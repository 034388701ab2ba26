"""The RetailOps side: what callers send is read, what we answer is never refused."""
