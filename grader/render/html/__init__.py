"""Self-contained HTML pages: no script that is not hashed, no request to anywhere, light and dark, printable."""
