"""Networks of libraries: a module each, with `network(wanted)` and `check(name)`."""
