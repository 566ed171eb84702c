"""The demo and development host: real users, one course page per school, loopback only. Not part of the product."""
