"""The warehouse: measurements and events become figures. May import engine; knows no Prefect, no pages."""
