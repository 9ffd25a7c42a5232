//! `GET /v2/{project_id}/instances/{instance_id}/assets/jobs/{job_id}`: how far a job is.
