"""Settings of the plugin; `common` is read by the platform and by the demo host alike."""
