"""The packs' tests: scenarios a school leader can read, the truth table, and the proof that no pack line is idle."""
