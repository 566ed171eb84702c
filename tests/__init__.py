"""Tests of the product and the host that they and the demo run on."""
