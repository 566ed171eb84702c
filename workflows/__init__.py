"""Cases, protocols, letters: a Django app that stands alone. Never imports `kc_xblock`."""
