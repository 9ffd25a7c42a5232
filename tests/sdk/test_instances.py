"""Instances by the vendor's client, and the one of the first start."""

import json

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkroma import v2 as sdk

from driver.integration import Integration
from driver.vendor import roma


def instances(integration, **query):
    return integration.client.check_roma_instance_list_v2(sdk.CheckRomaInstanceListV2Request(**query))


def test_instance_of_the_first_start_is_listed(integration, server):
    answer = instances(integration, limit=1000)
    assert answer.size == answer.total == len(answer.instances)
    [first] = [each for each in answer.instances if each.id == server.credentials["instance_id"]]
    assert (first.name, first.status, first.project_id) == ("default", "RUNNING", server.project)
    assert first.create_time.endswith("Z") and first.update_time == first.create_time
    assert first.id in [each.id for each in instances(integration, status="RUNNING", limit=1000).instances]
    assert instances(integration, status="DELETING").instances == []


def test_pages_are_bounded(integration):
    assert instances(integration, offset=100000).instances == []
    with pytest.raises(ClientRequestException) as refused:
        instances(integration, limit=1001)
    assert (refused.value.status_code, refused.value.error_code) == (400, "ROMA.13000")
    assert "limit" in refused.value.error_msg


@pytest.mark.parametrize("call", [Integration.list_apps, Integration.list_tasks, Integration.create_app,
                                  Integration.create_task])
def test_unknown_instance(integration, call):
    with pytest.raises(ClientRequestException) as refused:
        call(Integration(integration.client, "0" * 32))
    assert (refused.value.status_code, refused.value.error_code) == (404, "APIG.3030")
    assert "instance does not exist" in refused.value.error_msg
    assert refused.value.request_id


def test_project_that_is_not_the_callers(server):
    stranger = Integration(roma(server, project="0" * 32), server.credentials["instance_id"])
    with pytest.raises(ClientRequestException) as refused:
        stranger.list_apps()
    assert (refused.value.status_code, refused.value.error_code) == (403, "ROMA.1006")


def test_file_of_an_earlier_version_gets_its_instance_at_the_next_start(farm):
    server = farm.start()
    known = server.credentials["instance_id"]
    server.stop()
    path = server.data / "credentials.json"
    credentials = json.loads(path.read_text())
    del credentials["instance_id"]
    path.write_text(json.dumps(credentials))
    server.start()
    assert server.credentials["instance_id"] == known
    assert path.stat().st_mode & 0o777 == 0o600
