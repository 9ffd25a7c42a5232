"""A PostgreSQL database for each server that wants one, made and dropped with psql."""

import os
import subprocess
import uuid
from urllib.parse import urlsplit, urlunsplit

URL = os.environ.get("ENTREPOT_TEST_POSTGRES_URL")


def run_sql(statement, url=None):
    subprocess.run(["psql", "--quiet", "--no-psqlrc", "--dbname", url or URL, "--command", statement],
                   check=True, capture_output=True, text=True)


class Database:
    def __init__(self):
        self.name = f"entrepot_{uuid.uuid4().hex}"
        run_sql(f"CREATE DATABASE {self.name}")
        self.url = urlunsplit(urlsplit(URL)._replace(path=f"/{self.name}"))

    def drop(self):
        run_sql(f"DROP DATABASE {self.name} WITH (FORCE)")
