"""Museums, archives, hubs and lists that pictures are fetched from, a module each."""
