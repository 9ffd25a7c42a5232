//! An upload as the wire shows it.

use entrepot_api::imports::UploadInfo;

use super::model::Upload;

pub fn info(upload: Upload) -> UploadInfo {
    UploadInfo {
        upload_id: upload.upload_id.into_string(),
        file_name: upload.file_name,
        size: upload.size.unwrap_or(upload.received),
        offset: upload.received,
        state: upload.state.as_str().to_owned(),
        job_id: upload.job_id.map(crate::ids::AssetJobId::into_string),
        create_time: upload.created_at.rfc3339(),
        update_time: upload.updated_at.rfc3339(),
    }
}
