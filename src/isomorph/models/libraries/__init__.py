"""Networks of libraries: a module each, with `network(request)` and `check(name)`."""
