"""The RetailOps side, pure: requests, answers, events, the table of the eleven actions."""
