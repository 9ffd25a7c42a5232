"""What a user does with instances and packages: applications, tasks, export, download once, import."""

import time

from driver import secrets
from driver.bags import Package
from driver.caller import KeyCaller
from driver.library import Library, Refused, accepted

MULTIPART = "multipart/form-data; boundary=the-end-of-a-part"
UNSIGNED = {"X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD"}


def ok(answer, status=200):
    if answer.status != status:
        raise Refused(answer)
    return answer.json() if answer.body else None


class Packages:
    """The calls of one caller within one instance; whatever is not a success raises Refused."""

    def __init__(self, caller, instance=None):
        self.caller = caller
        self.instance = instance or caller.server.credentials["instance_id"]
        self.library = Library(caller)

    def path(self, tail, family="instances"):
        return f"/v2/{self.caller.project}/{family}/{self.instance}/{tail}"

    def get(self, tail, **options):
        return self.caller.get(self.path(tail), **options)

    def post(self, tail, json=None, **options):
        return self.caller.post(self.path(tail), json, **options)

    # Applications and tasks.

    def create_app(self, name, **fields):
        return ok(self.post("apps", {"name": name, **fields}), 201)["id"]

    def apps(self):
        return {app["name"]: app for app in self.pages("apps", "apps")}

    def secret(self, app_id):
        return secrets.register("secret of an application", ok(self.get(f"apps/{app_id}/secret"))["secret"])

    def attach(self, app_id, asset_ids):
        accepted(self.caller.put(self.path(f"apps/{app_id}/entrepot/digital-assets"), {"asset_ids": asset_ids}))

    def attached(self, app_id):
        return [asset["asset_id"] for asset in self.pages(f"apps/{app_id}/entrepot/digital-assets", "assets")]

    def create_task(self, name, detail="{}", **fields):
        task = {"task_name": name, "task_type": "TIMING", "source_datasource_id": "the source",
                "target_datasource_id": "the target", **fields}
        body = {"task": task, "task_detail": detail}
        return ok(self.caller.post(self.path("tasks", "fdi/instances"), body))["task"]["task_id"]

    def task(self, task_id):
        return ok(self.caller.get(self.path(f"tasks/{task_id}", "fdi/instances")))

    def tasks(self):
        found = ok(self.caller.get(self.path("tasks", "fdi/instances"), query={"limit": 100}))
        return {task["task_name"]: task["task_id"] for task in found["entities"]}

    def pages(self, tail, key):
        found = []
        while True:
            page = ok(self.get(tail, query={"offset": len(found), "limit": 100}))
            found += page[key]
            if not page[key] or len(found) >= page["total"]:
                return found

    # Jobs.

    def begin(self, verb, apps=(), tasks=()):
        body = {"apps": [{"id": app} for app in apps], "tasks": [{"id": task} for task in tasks]}
        return ok(self.post(f"assets/{verb}", body))["job_id"]

    def job(self, job_id):
        return ok(self.get(f"assets/jobs/{job_id}"))

    def wait(self, job_id, timeout=60.0):
        """The job when it has ended."""
        deadline = time.monotonic() + timeout
        while (job := self.job(job_id))["status"] == "RUNNING":
            assert time.monotonic() < deadline, f"the job is still running: {job}"
            time.sleep(0.01)
        return job

    def succeed(self, job_id, timeout=60.0):
        job = self.wait(job_id, timeout)
        assert job["status"] == "SUCCEEDED", job
        return job

    def export(self, apps=(), tasks=()):
        """A package that is ready; answers the archive's id."""
        return self.succeed(self.begin("export", apps, tasks))["archive_id"]

    def delete(self, apps=(), tasks=()):
        return self.succeed(self.begin("delete", apps, tasks))

    def items(self, job_id):
        """What an import did: (kind, old id) → item."""
        return {(item["kind"], item["old_id"]): item for item in self.pages(f"assets/jobs/{job_id}/entrepot/items", "items")}

    # Archives.

    def archive(self, archive_id, tail=""):
        return self.path(f"assets/archives/{archive_id}{tail}")

    def fetch(self, archive_id, method="GET", **headers):
        """One call for the archive's bytes, whatever comes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.caller.call(method, self.archive(archive_id), headers=named)

    def download(self, archive_id, folder):
        """Download, and hold what came to everything that a package promises."""
        answer = accepted(self.fetch(archive_id))
        return save(folder / f"{archive_id}.zip", answer.body, answer.headers)

    def record(self, archive_id):
        return ok(self.caller.get(self.archive(archive_id, "/entrepot/record")))

    def contents(self, archive_id, **query):
        return ok(self.caller.get(self.archive(archive_id, "/entrepot/contents"), query=query))

    def receipt(self, archive_id, digest):
        return self.caller.post(self.archive(archive_id, "/entrepot/receipt"), {"digest": digest})

    # Import.

    def send_package(self, content, name="package.zip", **query):
        """POST it as the vendor's client does; answers what came."""
        begin = (f"--the-end-of-a-part\r\nContent-Disposition: form-data; name=\"ImportAssetRequestBody\"; "
                 f"filename=\"{name}\"\r\n\r\n").encode()
        body = begin + content + b"\r\n--the-end-of-a-part--\r\n"
        return self.post("assets/import", body=body, query=query, headers={"Content-Type": MULTIPART, **self.unsigned})

    @property
    def unsigned(self):
        return UNSIGNED if isinstance(self.caller, KeyCaller) else {}

    def import_(self, content, timeout=60.0, **query):
        """A whole import; answers the job's id."""
        job_id = ok(self.send_package(content, **query))["job_id"]
        self.succeed(job_id, timeout)
        return job_id

    def create_upload(self, size, name="package.zip"):
        return ok(self.post("assets/entrepot/uploads", {"file_name": name, "size": size}))["upload_id"]

    def upload(self, upload_id):
        return ok(self.get(f"assets/entrepot/uploads/{upload_id}"))

    def send_bytes(self, upload_id, content, offset=0):
        return self.caller.put(self.path(f"assets/entrepot/uploads/{upload_id}"), body=content,
                               query={"offset": offset}, headers={"Content-Type": "application/zip", **self.unsigned})

    def import_upload(self, upload_id, **query):
        return ok(self.post(f"assets/entrepot/uploads/{upload_id}/import", query=query))["job_id"]


def save(path, content, headers):
    """What was downloaded, as a checked package."""
    path.write_bytes(content)
    package = Package(path).check()
    assert headers["Content-Length"] == str(len(content))
    assert headers["ETag"] == f'"{package.digest()}"'
    return package


def fill(packages, name="an application", assets=2, files=2, size=1000, **fields):
    """An application with so many assets of so many files each, all different; answers its id."""
    library, made = packages.library, []
    for number in range(assets):
        asset_id = library.create_asset("COMMON_FILE", f"{name} {number}", tags=[name[:32]])
        for part in range(files):
            content = f"{name} {number} {part} ".encode() * (size // 10)
            category = "MAIN" if part == 0 else "OTHER"
            library.upload(asset_id, content[:size], file_type="bin", category=category, name=f"{part}.bin")
        made.append(asset_id)
    app_id = packages.create_app(name, **fields)
    packages.attach(app_id, made)
    return app_id
