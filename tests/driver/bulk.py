"""Many files that share their bytes, written into the rows of a library that is not served: the API would take minutes."""

import sqlite3
import uuid

from driver.caller import token_caller
from driver.packages import Packages


def app_with_copies(server, content, copies, *, assets=1, name="many files"):
    """An application with `assets` assets of `copies` files each, all with this content; answers its packages and id."""
    packages = Packages(token_caller(server))
    library, made = packages.library, []
    for number in range(assets):
        made.append(library.create_asset("COMMON_FILE", f"{name} {number}"))
        library.upload(made[-1], content, file_type="bin", name="main.bin")
    app_id = packages.create_app(name)
    packages.attach(app_id, made)
    server.stop()
    with sqlite3.connect(server.data / "entrepot.db") as rows:
        columns = [column[1] for column in rows.execute("PRAGMA table_info(files)")]
        statement = f"INSERT INTO files ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        for asset_id in made:
            # As the one file that is there, under other ids.
            [there] = rows.execute("SELECT * FROM files WHERE asset_id = ?", [asset_id])
            row = dict(zip(columns, there)) | {"category": "OTHER"}
            rows.executemany(statement, (list((row | {"file_id": uuid.uuid4().hex, "name": f"copy-{number}.bin"}).values())
                                         for number in range(copies - 1)))
    rows.close()
    server.start()
    return Packages(token_caller(server)), app_id
