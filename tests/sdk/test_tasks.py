"""Tasks by the vendor's client: create, show, list, update, delete."""

import time

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from driver.integration import unique


def refusal(call, *arguments, **options):
    with pytest.raises(ClientRequestException) as refused:
        call(*arguments, **options)
    assert refused.value.request_id and refused.value.error_msg
    return refused.value.status_code, refused.value.error_code


def test_task_is_shown_as_it_was_created(integration, server):
    name, detail = unique("Nightly.sync_1-x"), ' {"b": 1.50,\n "a": ["\\u590f", "夏"]} '
    before = int(time.time() * 1000)
    created = integration.create_task(name, "REALTIME", detail, description="what it\nis for", task_tag="tag_1-夏",
                                      source_datasource_id="s", target_datasource_id="t")
    for answer in (created, integration.show_task(created.task.task_id)):
        task = answer.task
        assert (task.task_name, task.task_type, task.status) == (name, "realtime", "stop")
        assert task.project_id == server.project
        assert (task.source_datasource_id, task.target_datasource_id) == ("s", "t")
        assert (task.description, task.task_tag) == ("what it\nis for", "tag_1-夏")
        assert before - 1000 <= task.created_date == task.last_modified_date <= before + 60000
        assert answer.task_detail == detail


def test_update_replaces_the_definition(integration):
    created = integration.create_task(description="d").task
    name = unique("renamed")
    updated = integration.update_task(created.task_id, name, "REALTIME", "[1]", target_datasource_id="t2")
    shown = integration.show_task(created.task_id)
    for answer in (updated, shown):
        assert (answer.task.task_name, answer.task.task_type, answer.task_detail) == (name, "realtime", "[1]")
        assert (answer.task.target_datasource_id, answer.task.description) == ("t2", "d")
        assert answer.task.created_date == created.created_date <= answer.task.last_modified_date


def test_list_pages_filters_and_sorts(integration):
    mark = unique("Lot").replace(" ", "")
    tasks = [integration.create_task(f"{mark} {n}", kind, task_tag=f"tag{n}").task
             for n, kind in enumerate(["TIMING", "REALTIME", "TIMING"])]
    found = integration.list_tasks(name=mark.lower())
    assert (found.total, found.size) == (3, 3)
    assert [task.task_id for task in found.entities] == [task.task_id for task in tasks]
    first = found.entities[0]
    assert (first.task_name, first.task_type, first.status, first.execute_status, first.task_tag) == (
        f"{mark} 0", "TIMING", 0, "UNSTARTED", "tag0")
    assert first.last_modified_time == tasks[0].last_modified_date and first.created_date

    def names(**query):
        return [task.task_name[-1] for task in integration.list_tasks(name=mark, **query).entities]

    assert names(offset=1, limit=1) == ["1"]
    assert names(sort_field="task_name", sort_type="DESC") == ["2", "1", "0"]
    assert names(task_type="timing") == ["0", "2"]
    assert names(task_tag="tag1") == ["1"]
    assert names(task_id=tasks[2].task_id, status=0, execute_status="UNSTARTED") == ["2"]
    assert names(status=1) == names(execute_status="RUNNING") == names(source_app_id="x") == []
    assert names(source_datasource_id="source-1", target_datasource_id="target-1") == ["0", "1", "2"]


def test_deleted_task_is_gone(integration):
    task = integration.create_task().task
    integration.delete_task(task.task_id)
    for call in (integration.show_task, integration.delete_task):
        assert refusal(call, task.task_id) == (404, "ROMA.19012")
    assert refusal(integration.update_task, task.task_id, "any") == (404, "ROMA.19012")
    integration.create_task(task.task_name)


def test_name_stands_once(integration):
    task = integration.create_task().task
    assert refusal(integration.create_task, task.task_name) == (400, "ROMA.19013")


@pytest.mark.parametrize("field, value", [
    ("name", "x" * 101), ("name", "_x"), ("task_type", "HOURLY"), ("detail", "{"), ("description", "x" * 1025),
    ("task_tag", "a b"), ("detail", '"' + "x" * (1 << 20) + '"')])
def test_field_out_of_range_is_refused(integration, field, value):
    assert refusal(integration.create_task, **{field: value}) == (400, "ROMA.13000")


def test_definition_of_a_mebibyte_comes_back(integration):
    detail = '"' + "x" * ((1 << 20) - 2) + '"'
    task_id = integration.create_task(detail=detail).task.task_id
    assert integration.show_task(task_id).task_detail == detail
