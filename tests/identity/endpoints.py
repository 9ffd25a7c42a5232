"""Every endpoint: what it needs, the simplest request for it, and what that is answered when nothing forbids it."""

from dataclasses import dataclass, field

LINK, PEER, NOTHING, BATCH = "link", "peer", "nothing", "batch"
NOBODY = "00000000000000000000000000000000"  # an id that nothing has
ZIP = {"Content-Type": "application/zip", "X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD"}
FORM = {"Content-Type": "multipart/form-data; boundary=end", "X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD"}
FILE = {"file_name": "a.png", "file_md5": "1B2M2Y8AsgTpgAmY7PhCfg==", "file_size": 1, "file_type": "png",
        "asset_id": NOBODY, "asset_file_category": "MAIN"}
LARGE = {"file_name": "a.mp4", "file_type": "mp4", "asset_id": NOBODY, "asset_file_category": "MAIN",
         "file_multipart_count": 2}
TICKET = {"asset_id": NOBODY, "asset_info": "AAAAAAAAAAAAAAAA:" + "A" * 64, "expire_time": 1,
          "encryption_info": {"key_id": "1", "algorithm": "AES128_GCM", "iv": "AAAAAAAAAAAAAAAA"}}
# {unique} is another word in every request.
TASK = {"task": {"task_name": "task {unique}", "task_type": "TIMING", "source_datasource_id": "s",
                 "target_datasource_id": "t"}, "task_detail": "{}"}
PACKAGE = (b'--end\r\nContent-Disposition: form-data; name="x"; filename="a.zip"\r\n\r\nno package\r\n--end--\r\n')


@dataclass
class Endpoint:
    method: str
    path: str
    needs: str  # an action, or one of the words above
    answer: tuple  # status and code that the owner gets
    json: object = None
    body: bytes | None = None
    query: dict = field(default_factory=dict)
    headers: dict = field(default_factory=dict)
    own: bool = False  # what everybody may, unless it is denied
    busy: bool = False  # refused while another job of the user runs
    by: str = "key"  # what the caller proves with, where it matters

    @property
    def name(self):
        return f"{self.method} {self.path}"

    @property
    def family(self):
        for family, prefix in (("IAM", "/v3"), ("ROMA", "/v2"), ("MSS", "/v1"), ("MSS", "/entrepot")):
            if self.path.startswith(prefix):
                return family
        return None

    @property
    def action(self):
        return self.needs if ":" in self.needs else None


def all_of(prefix, *rows):
    return [Endpoint(method, prefix + tail, needs, answer, **more) for method, tail, needs, answer, more in rows]


def row(method, tail, needs, status, code=None, **more):
    return method, tail, needs, (status, code), more


A, V1, V2 = "digital-assets/{asset_id}", "/v1/{project_id}/", "/v2/{project_id}/"
INSTANCE = "instances/{instance_id}/"
PACKAGES = f"{V2}{INSTANCE}assets/"
TASKS = f"{V2}fdi/{INSTANCE}tasks"
COPY = f"{A}/entrepot/copies/{{copy_id}}"
KEYS = "/v3.0/OS-CREDENTIAL/credentials"
NO_ASSET, NO_FILE, NO_COPY = (400, "MSS.10001001"), (400, "MSS.10001004"), (400, "MSS.10009016")
NO_APP, NO_TASK, NO_UPLOAD, NO_JOB = (404, "APIG.3019"), (404, "ROMA.19012"), (404, "ROMA.19016"), (404, "ROMA.19015")
NO_ARCHIVE, PEER_CODE = (403, "ROMA.19001"), "MSS.10009017"

ENDPOINTS = [
    *all_of("/entrepot/peer/v1/",
            row("GET", "hello", PEER, 401, PEER_CODE),
            row("POST", "reports", PEER, 401, PEER_CODE, json={}),
            row("GET", "tickets/{ticket_id}/files/{file_id}", PEER, 401, PEER_CODE),
            row("GET", "tickets/{ticket_id}/files/{file_id}/digest", PEER, 401, PEER_CODE, query={"from": 0, "to": 1}),
            row("GET", "tickets/{ticket_id}/manifest", PEER, 401, PEER_CODE)),
    *all_of("/",
            row("GET", "healthz", NOTHING, 200),
            row("GET", "metrics", NOTHING, 200),
            row("GET", "readyz", NOTHING, 200),
            row("GET", "objects/{project_id}/{asset_id}/{file}", LINK, 403),
            row("GET", "objects/{project_id}/{asset_id}/thumbnail/{preview_id}", LINK, 403),
            row("PUT", "objects/{project_id}/{asset_id}/{file}", LINK, 403, body=b"x")),
    *all_of(V1,
            row("GET", "digital-assets", "metastudio:asset:list", 200),
            row("POST", "digital-assets", "metastudio:asset:create", 200,
                json={"asset_name": "of the matrix", "asset_type": "IMAGE"}),
            row("POST", "digital-assets-by-replication-info", "metastudio:asset:replicate", 400, "MSS.10009004",
                json=TICKET),
            row("POST", "digital-assets/batch-action", BATCH, 200, json={"action": "DELETE", "asset_ids": [NOBODY]}),
            row("POST", "digital-assets/summarys", "metastudio:asset:list", 200, json={"asset_ids": [NOBODY]}),
            row("GET", A, "metastudio:asset:get", *NO_ASSET),
            row("PUT", A, "metastudio:asset:update", *NO_ASSET, json={"asset_name": "x"}),
            row("DELETE", A, "metastudio:asset:delete", *NO_ASSET),
            row("GET", f"{A}/entrepot/copies", "metastudio:asset:get", *NO_ASSET),
            row("POST", f"{COPY}/cancel", "metastudio:asset:replicate", *NO_ASSET),
            row("POST", f"{COPY}/complete", "metastudio:asset:replicate", *NO_COPY),
            row("GET", f"{COPY}/files", "metastudio:asset:replicate", *NO_COPY),
            row("PUT", f"{COPY}/files/{{file_id}}", "metastudio:asset:replicate", *NO_COPY, query={"offset": 0},
                body=b"x", headers=ZIP),
            row("POST", f"{COPY}/retry", "metastudio:asset:replicate", *NO_COPY),
            row("GET", f"{A}/entrepot/manifest", "metastudio:asset:replicate", *NO_ASSET, query={"ticket_id": NOBODY}),
            row("GET", f"{A}/replication-info", "metastudio:asset:replicate", *NO_ASSET),
            row("POST", f"{A}/restore", "metastudio:asset:restore", *NO_ASSET),
            row("GET", "entrepot/audit", "entrepot:audit:list", 200),
            row("GET", "entrepot/copies", "metastudio:asset:list", 200),
            row("POST", "entrepot/files/{file_id}/part-urls", "metastudio:file:create", *NO_FILE),
            row("POST", "entrepot/tickets/import", "metastudio:asset:replicate", 400, "MSS.10009004",
                json={"ticket": TICKET, "manifest": "{}"}),
            row("POST", "entrepot/tickets/inspect", "metastudio:asset:replicate", 200, json=TICKET),
            row("POST", "files", "metastudio:file:create", *NO_ASSET, json=FILE),
            row("DELETE", "files/{file_id}", "metastudio:file:delete", *NO_FILE),
            row("POST", "files/{file_id}/complete", "metastudio:file:confirm", *NO_FILE, json={"state": "CREATED"}),
            row("POST", "large-files", "metastudio:file:create", *NO_ASSET, json=LARGE)),
    *all_of(TASKS,
            row("GET", "", "roma:tasks:list", 200),
            row("POST", "", "roma:tasks:create", 200, json=TASK),
            row("GET", "/{task_id}", "roma:tasks:get", *NO_TASK),
            row("PUT", "/{task_id}", "roma:tasks:update", *NO_TASK,
                json={"task": TASK["task"] | {"task_name": "a task"}, "task_detail": "{}"}),
            row("DELETE", "/{task_id}", "roma:tasks:delete", *NO_TASK)),
    *all_of(V2,
            row("GET", "instances", "roma:instances:list", 200),
            row("GET", f"{INSTANCE}validate-apps", "roma:applications:get", *NO_APP, query={"name": "an app"})),
    *all_of(f"{V2}{INSTANCE}apps",
            row("GET", "", "roma:applications:list", 200),
            row("POST", "", "roma:applications:create", 201, json={"name": "app {unique}"}),
            row("GET", "/{app_id}", "roma:applications:get", *NO_APP),
            row("PUT", "/{app_id}", "roma:applications:update", *NO_APP, json={"name": "an app"}),
            row("DELETE", "/{app_id}", "roma:applications:delete", *NO_APP),
            row("GET", "/{app_id}/entrepot/digital-assets", "roma:applications:get", *NO_APP),
            row("PUT", "/{app_id}/entrepot/digital-assets", "roma:applications:update", *NO_APP,
                json={"asset_ids": [NOBODY]}),
            row("DELETE", "/{app_id}/entrepot/digital-assets", "roma:applications:update", *NO_APP,
                json={"asset_ids": [NOBODY]}),
            row("GET", "/{app_id}/secret", "roma:applications:update", *NO_APP),
            row("PUT", "/{app_id}/secret", "roma:applications:update", *NO_APP, json={})),
    *all_of(PACKAGES,
            row("GET", "archives/{archive_id}", "roma:assets:get", *NO_ARCHIVE),
            row("GET", "archives/{archive_id}/entrepot/contents", "roma:assets:get", *NO_ARCHIVE),
            row("POST", "archives/{archive_id}/entrepot/receipt", "roma:assets:get", *NO_ARCHIVE,
                json={"digest": "0" * 64}),
            row("GET", "archives/{archive_id}/entrepot/record", "roma:assets:get", *NO_ARCHIVE),
            row("POST", "delete", "roma:assets:delete", 200, json={"apps": [NOBODY], "tasks": []}, busy=True),
            row("POST", "entrepot/uploads", "roma:assets:import", 200, json={"file_name": "a.zip", "size": 1000}),
            row("GET", "entrepot/uploads/{upload_id}", "roma:assets:import", *NO_UPLOAD),
            row("PUT", "entrepot/uploads/{upload_id}", "roma:assets:import", *NO_UPLOAD, query={"offset": 0},
                body=b"x", headers=ZIP),
            row("DELETE", "entrepot/uploads/{upload_id}", "roma:assets:import", *NO_UPLOAD),
            row("POST", "entrepot/uploads/{upload_id}/import", "roma:assets:import", *NO_UPLOAD),
            row("POST", "export", "roma:assets:export", 200, json={"apps": [NOBODY], "tasks": []}, busy=True),
            row("POST", "import", "roma:assets:import", 400, "ROMA.10013", body=PACKAGE, headers=FORM, busy=True),
            row("GET", "jobs/{job_id}", "roma:assets:get", *NO_JOB),
            row("GET", "jobs/{job_id}/entrepot/items", "roma:assets:get", *NO_JOB)),
    *all_of("/v3",
            row("GET", "", NOTHING, 200),
            row("GET", "/projects", "iam:projects:list", 200),
            row("GET", "/auth/domains", "iam:domains:listOwn", 200, own=True),
            row("GET", "/auth/projects", "iam:projects:listOwn", 200, own=True),
            # The subject is a token of somebody else, a new one each time.
            row("GET", "/auth/tokens", "iam:tokens:get", 200, headers={"X-Subject-Token": "{token}"}),
            row("DELETE", "/auth/tokens", "iam:tokens:delete", 204, headers={"X-Subject-Token": "{token}"}),
            row("POST", "/auth/tokens", NOTHING, 400, json={})),
    *all_of(KEYS,
            # Those of somebody else.
            row("GET", "", "iam:credentials:list", 200, query={"user_id": "{user_id}"}),
            row("POST", "", "iam:credentials:create", 201, json={"credential": {"user_id": "{user_id}"}}),
            row("GET", "/{access_key}", "iam:credentials:get", 200),
            row("PUT", "/{access_key}", "iam:credentials:update", 200, json={"credential": {"description": "d"}}),
            row("DELETE", "/{access_key}", "iam:credentials:delete", 204)),
    *all_of("/v3.0/OS-CREDENTIAL/securitytokens",
            row("POST", "", "iam:securitytokens:create", 201, own=True, by="token",
                json={"auth": {"identity": {"methods": ["token"]}}})),
]
