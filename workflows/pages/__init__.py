"""The full pages, one file per page family. They ask `queries` what may be seen and `commands` to act; they hold no rule."""
