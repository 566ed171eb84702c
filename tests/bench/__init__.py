"""Benchmarks: ratios against a floor taken in the same run, interleaved; see docs/benchmarks.md."""
