"""Packages by the vendor's ROMA client: export, poll, download, import, delete."""

import time

from huaweicloudsdkcore.http.formdata import FormFile
from huaweicloudsdkroma import v2 as sdk

from driver.integration import Integration
from driver.vendor import roma


class Roma(Integration):
    def __init__(self, server, instance_id=None, **credentials):
        super().__init__(roma(server, **credentials), instance_id or server.credentials["instance_id"])

    def export(self, apps=(), tasks=()):
        body = sdk.AssetExportRequest(apps=named(sdk.AssetExportRequestApps, apps),
                                      tasks=named(sdk.AssetExportRequestTasks, tasks))
        return self.client.export_asset(sdk.ExportAssetRequest(instance_id=self.instance_id, body=body)).job_id

    def delete_assets(self, apps=(), tasks=()):
        body = sdk.AssetOperateRequest(apps=named(sdk.AssetExportRequestApps, apps),
                                       tasks=named(sdk.AssetExportRequestTasks, tasks))
        return self.client.delete_asset(sdk.DeleteAssetRequest(instance_id=self.instance_id, body=body)).job_id

    def import_asset(self, path):
        body = sdk.ImportAssetRequestBody(import_asset_request_body=FormFile(str(path)))
        return self.client.import_asset(sdk.ImportAssetRequest(instance_id=self.instance_id, body=body)).job_id

    def job(self, job_id):
        return self.client.check_asset_job_status(
            sdk.CheckAssetJobStatusRequest(instance_id=self.instance_id, job_id=job_id))

    def ended(self, job_id, timeout=60.0):
        """The job once it has ended; its progress never goes back on the way."""
        deadline, progress = time.monotonic() + timeout, 0.0
        while True:
            job = self.job(job_id)
            assert progress <= job.progress_percent <= 1.0
            if job.status != "RUNNING":
                return job
            assert time.monotonic() < deadline, f"the job is still running: {job}"
            progress = job.progress_percent
            time.sleep(0.01)

    def download(self, archive_id, path):
        """As the vendor's documentation shows it; answers the headers."""
        answer = self.client.download_asset_archive(
            sdk.DownloadAssetArchiveRequest(instance_id=self.instance_id, archive_id=archive_id))
        kept = []

        def keep(response):
            kept.append(response.headers)
            with open(path, "wb") as file:
                for block in response.iter_content(1 << 16):
                    file.write(block)

        answer.consume_download_stream(keep)
        return kept[0]


def named(model, ids):
    return [model(id=each) for each in ids]
