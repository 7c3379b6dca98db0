"""Message structs, one file a family, named after T/CSAE 53-2020 and YD/T 3709-2020."""
