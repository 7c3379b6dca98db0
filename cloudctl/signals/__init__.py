"""Signal control: programs, the safety layer, strategies that propose phases, and their evaluation in SUMO."""
