"""Applications and tasks of one instance by the vendor's ROMA client, from plain values."""

import uuid

from huaweicloudsdkroma import v2 as sdk


def unique(name):
    """Names stand once in an instance, and tests share one."""
    return f"{name} {uuid.uuid4().hex[:12]}"


class Integration:
    def __init__(self, client, instance_id):
        self.client = client
        self.instance_id = instance_id

    def create_app(self, name=None, **fields):
        body = sdk.CreateAppReq(name=name or unique("app"), **fields)
        return self.client.create_roma_app(sdk.CreateRomaAppRequest(instance_id=self.instance_id, body=body))

    def show_app(self, app_id):
        return self.client.check_roma_app_details(
            sdk.CheckRomaAppDetailsRequest(instance_id=self.instance_id, app_id=app_id))

    def list_apps(self, **query):
        return self.client.list_roma_app(sdk.ListRomaAppRequest(instance_id=self.instance_id, **query))

    def update_app(self, app_id, **fields):
        body = sdk.UpdateAppReq(**fields)
        return self.client.update_roma_app(
            sdk.UpdateRomaAppRequest(instance_id=self.instance_id, app_id=app_id, body=body))

    def delete_app(self, app_id):
        return self.client.delete_roma_app(sdk.DeleteRomaAppRequest(instance_id=self.instance_id, app_id=app_id))

    def secret(self, app_id):
        return self.client.check_roma_app_secret(
            sdk.CheckRomaAppSecretRequest(instance_id=self.instance_id, app_id=app_id))

    def reset_secret(self, app_id, **fields):
        body = sdk.UpdateAppSecretReq(**fields)
        return self.client.reset_roma_app_secret(
            sdk.ResetRomaAppSecretRequest(instance_id=self.instance_id, app_id=app_id, body=body))

    def validate_app(self, **query):
        return self.client.validate_roma_app(sdk.ValidateRomaAppRequest(instance_id=self.instance_id, **query))

    def create_task(self, name=None, task_type="TIMING", detail="{}", **fields):
        return self.client.create_common_task(sdk.CreateCommonTaskRequest(
            instance_id=self.instance_id, body=task_body(name or unique("task"), task_type, detail, fields)))

    def show_task(self, task_id):
        return self.client.show_task(sdk.ShowTaskRequest(instance_id=self.instance_id, task_id=task_id))

    def list_tasks(self, **query):
        return self.client.list_tasks(sdk.ListTasksRequest(instance_id=self.instance_id, **query))

    def update_task(self, task_id, name, task_type="TIMING", detail="{}", **fields):
        return self.client.update_task(sdk.UpdateTaskRequest(
            instance_id=self.instance_id, task_id=task_id, body=task_body(name, task_type, detail, fields)))

    def delete_task(self, task_id):
        return self.client.delete_task(sdk.DeleteTaskRequest(instance_id=self.instance_id, task_id=task_id))


def task_body(name, task_type, detail, fields):
    fields = {"source_datasource_id": "source-1", "target_datasource_id": "target-1"} | fields
    task = sdk.TaskBasicRequestBody(task_name=name, task_type=task_type, **fields)
    return sdk.CreateCommonTaskRequestBody(task=task, task_detail=detail)
