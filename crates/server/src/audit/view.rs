//! Events as the wire and the command line show them.

use entrepot_api::audit::AuditEvent;

use super::model::Event;

pub fn shown(event: Event) -> AuditEvent {
    AuditEvent {
        event_id: event.event_id,
        at: event.at.rfc3339(),
        request_id: event.request_id,
        project_id: event.project_id.map(crate::ids::ProjectId::into_string),
        user_id: event.user_id,
        user_name: event.user_name,
        access_key: event.access_key,
        address: event.address,
        action: event.action,
        resource: event.resource,
        outcome: event.outcome.as_str().to_owned(),
        detail: event.detail,
    }
}
