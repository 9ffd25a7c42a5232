"""What has no call yet, written into the database as an administrator would: a second user; what is stored for whom."""

import sqlite3
import subprocess
import uuid

from driver.caller import TokenCaller, request_token
from driver.folders import sizes

SECOND = "second"


def execute(server, statement):
    """One statement; rows come back as lists of texts."""
    url = server.environment.get("ENTREPOT_DATABASE_URL")
    if url is None:
        with sqlite3.connect(server.data / "entrepot.db", timeout=20) as connection:
            return [[str(value) for value in row] for row in connection.execute(statement)]
    command = ["psql", "--quiet", "--no-psqlrc", "--tuples-only", "--no-align", "--field-separator", "\t",
               "--dbname", url, "--command", statement]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [line.split("\t") for line in printed.splitlines()]


def second_user(server):
    """Another owner of the same account, with the same password."""
    if not execute(server, f"SELECT user_id FROM users WHERE name = '{SECOND}'"):
        execute(server, "INSERT INTO users (user_id, domain_id, name, password_hash, is_owner, enabled, created_at) "
                        f"SELECT '{uuid.uuid4().hex}', domain_id, '{SECOND}', password_hash, is_owner, enabled, "
                        f"created_at FROM users WHERE user_id = '{server.credentials['user_id']}'")
    answer = request_token(As(server, SECOND))
    assert answer.status == 201, answer
    return TokenCaller(server, answer.headers["X-Subject-Token"])


def second_project(server):
    """Another project of the same account; answers its id."""
    project_id = uuid.uuid4().hex
    execute(server, "INSERT INTO projects (project_id, domain_id, name, created_at) "
                    f"SELECT '{project_id}', domain_id, 'project {project_id[:8]}', created_at FROM projects "
                    f"WHERE project_id = '{server.project}'")
    return project_id


class As:
    """The server as another user sees it."""

    def __init__(self, server, user_name):
        self.endpoint = server.endpoint
        self.credentials = server.credentials | {"user_name": user_name}


def stored_files(server):
    """Every object of the blob store."""
    return list(sizes(server.data / "blobs"))
