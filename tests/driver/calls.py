"""The vendor's request objects, built from plain values so that tests read as sentences."""

import requests
from huaweicloudsdkmetastudio import v1 as sdk

from driver.library import md5_of, upload_headers


def create(client, asset_type="IMAGE", name="an asset", app_user=None, **fields):
    body = sdk.CreateDigitalAssetRequestBody(asset_name=name, asset_type=asset_type, **fields)
    return client.create_digital_asset(sdk.CreateDigitalAssetRequest(x_app_user_id=app_user, body=body)).asset_id


def show(client, asset_id):
    return client.show_asset(sdk.ShowAssetRequest(asset_id=asset_id))


def update(client, asset_id, **fields):
    body = sdk.UpdateDigitalAssetRequestBody(**fields)
    return client.update_digital_asset(sdk.UpdateDigitalAssetRequest(asset_id=asset_id, body=body))


def delete(client, asset_id, mode=None):
    return client.delete_asset(sdk.DeleteAssetRequest(asset_id=asset_id, mode=mode))


def restore(client, asset_id):
    return client.restore_asset(sdk.RestoreAssetRequest(asset_id=asset_id))


def summarys(client, asset_ids):
    body = sdk.ListAssetSummarysReq(asset_ids=asset_ids)
    return client.list_asset_summary(sdk.ListAssetSummaryRequest(body=body)).asset_list


def batch(client, action, asset_ids):
    body = sdk.BatchAssetActionReq(action=action, asset_ids=asset_ids)
    return client.batch_execute_asset_action(sdk.BatchExecuteAssetActionRequest(body=body)).results


def list_assets(client, **query):
    return client.list_assets(sdk.ListAssetsRequest(**query))


def list_ids(client, **query):
    return [asset.asset_id for asset in list_assets(client, **query).assets]


def create_file(client, asset_id, content, category="MAIN", file_type="png", name="file.png"):
    body = sdk.FilesCreateReq(file_name=name, file_md5=md5_of(content), file_size=len(content),
                              file_type=file_type, asset_id=asset_id, asset_file_category=category)
    return client.create_file(sdk.CreateFileRequest(body=body))


def create_large_file(client, asset_id, parts, category="MAIN", file_type="mp4", name="film.mp4", size=None):
    body = sdk.LargeFilesCreateReq(file_name=name, file_type=file_type, asset_id=asset_id,
                                   asset_file_category=category, file_size=size, file_multipart_count=parts)
    return client.create_large_file(sdk.CreateLargeFileRequest(body=body))


def complete(client, file_id, state="CREATED"):
    body = sdk.ConfirmFileUploadRequestBody(state=state)
    return client.confirm_file_upload(sdk.ConfirmFileUploadRequest(file_id=file_id, body=body))


def delete_file(client, file_id):
    return client.delete_file(sdk.DeleteFileRequest(file_id=file_id))


def put(url, content, file_type="png"):
    """PUT as any HTTP client does it, following the walk-through of the vendor's documentation."""
    answer = requests.put(url, data=content, headers=upload_headers(content, file_type), timeout=60)
    assert answer.status_code == 200, answer.text
    return answer


def upload(client, asset_id, content, category="MAIN", file_type="png", name="file.png"):
    declared = create_file(client, asset_id, content, category, file_type, name)
    put(declared.upload_url, content, file_type)
    complete(client, declared.file_id)
    return declared.file_id


def create_image(client, content=b"the bytes of an image", **fields):
    """An IMAGE with its main file: UNACTIVED."""
    asset_id = create(client, "IMAGE", **fields)
    upload(client, asset_id, content)
    return asset_id
