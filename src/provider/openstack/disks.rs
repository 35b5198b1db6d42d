//! The disks of a server, which are deleted with it: `block_device_mapping_v2` of an order.

use super::image::Image;
use crate::config::{BootVolume, NodeType};
use serde_json::{Value, json};

/// What an order says about disks.
pub(super) struct Disks {
    /// `imageRef`; for Nova a server that boots from a volume has no image of its own.
    pub(super) image: String,
    /// `block_device_mapping_v2`; empty if the flavor's own disk is the only one.
    pub(super) mapping: Vec<Value>,
}

/// The disks of a server of this type: the boot disk, what the image adds, and a blank volume.
///
/// An image of a server with volumes has a mapping of its own. From it Nova makes volumes without a name, which outlive
/// their server. So the order replaces that mapping: it boots from the snapshot and not from the image, or it names the
/// same devices (nova/compute/api.py, `_merge_bdms_lists`).
///
/// # Errors
/// Why no order can be sent whose volumes are deleted with the server.
pub(super) fn of(node_type: &NodeType, image: &Image) -> Result<Disks, String> {
    let boot_volume = node_type.boot.volume.as_ref();
    let boots_from_image = !image.boots_from_volume();
    let mut mapping = Vec::new();
    if boots_from_image {
        mapping.push(boot_disk(boot_volume, &image.id));
    }
    for of_image in image.disks().iter().filter(|disk| disk["no_device"] != true) {
        let mut disk = replaced(of_image, boots_from_image).ok_or_else(|| {
            format!(
                "the image {} makes volumes that would outlive each server: use one without block_device_mapping",
                image.id
            )
        })?;
        if let Some(BootVolume { size, volume_type }) = boot_volume.filter(|_| disk["boot_index"] == 0) {
            let least = disk["volume_size"].as_u64().unwrap_or(0);
            disk["volume_size"] = u64::from(*size).max(least).into();
            if let Some(volume_type) = volume_type {
                disk["volume_type"] = volume_type.as_str().into();
            }
        }
        mapping.push(disk);
    }
    mapping.extend(node_type.storage.map(|size| {
        json!({"source_type": "blank", "destination_type": "volume", "volume_size": size, "boot_index": -1,
            "delete_on_termination": true})
    }));
    // If there is any volume, the image has to be in the mapping, too: Nova refuses a mapping without a boot device ("Boot
    // sequence ... is not valid").
    let on_host = boots_from_image && boot_volume.is_none();
    if on_host && mapping.len() == 1 {
        mapping.clear();
    }
    Ok(Disks { image: if on_host { image.id.clone() } else { String::new() }, mapping })
}

/// The disk that is made of the image.
fn boot_disk(volume: Option<&BootVolume>, image: &str) -> Value {
    let Some(BootVolume { size, volume_type }) = volume else {
        return json!({"source_type": "image", "uuid": image, "destination_type": "local", "boot_index": 0,
            "delete_on_termination": true});
    };
    let mut disk = json!({"source_type": "image", "uuid": image, "destination_type": "volume", "volume_size": size,
        "boot_index": 0, "delete_on_termination": true});
    if let Some(volume_type) = volume_type {
        disk["volume_type"] = volume_type.as_str().into();
    }
    disk
}

/// An entry of an image's mapping as an order writes it. What Nova makes for the server is deleted with it, and a volume
/// that exists already never is. `None` if the entry has no device, and would be used besides that of the order.
fn replaced(disk: &Value, names_device: bool) -> Option<Value> {
    let id = |key: &str| disk[key].as_str().filter(|id| !id.is_empty());
    // An old entry has no source_type (nova/block_device.py, `from_legacy`).
    let source = disk["source_type"].as_str().unwrap_or(match (id("snapshot_id"), id("volume_id")) {
        (Some(_), _) => "snapshot",
        (None, Some(_)) => "volume",
        (None, None) => "blank",
    });
    let destination = disk["destination_type"].as_str().unwrap_or("volume");
    let mut order = json!({"source_type": source, "destination_type": destination,
        "delete_on_termination": source != "volume", "boot_index": disk["boot_index"].as_i64().unwrap_or(-1)});
    if let Some(uuid) = id(&format!("{source}_id")) {
        order["uuid"] = uuid.into();
    }
    for key in ["volume_size", "device_type", "disk_bus", "guest_format"] {
        if !disk[key].is_null() {
            order[key] = disk[key].clone();
        }
    }
    if names_device {
        order["device_name"] = id("device_name")?.into();
    }
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::openstack::tests::node_type;

    fn image(mapping: &Value) -> Image {
        serde_json::from_value(json!({"id": "image-1", "block_device_mapping": mapping.to_string()})).unwrap()
    }

    fn plain() -> Image {
        serde_json::from_value(json!({"id": "image-1"})).unwrap()
    }

    fn disks(node_type: &NodeType, image: &Image) -> (String, Vec<Value>) {
        let Disks { image, mapping } = of(node_type, image).unwrap_or_else(|why| panic!("{why}"));
        (image, mapping)
    }

    fn on_host() -> Value {
        json!({"source_type": "image", "uuid": "image-1", "destination_type": "local", "boot_index": 0,
            "delete_on_termination": true})
    }

    fn blank(size: u32) -> Value {
        json!({"source_type": "blank", "destination_type": "volume", "volume_size": size, "boot_index": -1,
            "delete_on_termination": true})
    }

    #[test]
    fn storage_is_a_blank_volume_beside_the_image_and_goes_with_the_server() {
        let mut ubuntu = node_type("ubuntu");
        assert_eq!(disks(&ubuntu, &plain()), ("image-1".into(), vec![]));
        ubuntu.storage = Some(10);
        assert_eq!(disks(&ubuntu, &plain()), ("image-1".into(), vec![on_host(), blank(10)]));
    }

    #[test]
    fn a_volume_to_boot_from_is_made_of_the_image_and_goes_with_the_server() {
        let mut ubuntu = node_type("ubuntu");
        ubuntu.boot.volume = Some(BootVolume { size: 20, volume_type: Some("ssd".into()) });
        ubuntu.storage = Some(10);
        let boot = json!({"source_type": "image", "uuid": "image-1", "destination_type": "volume", "volume_size": 20,
            "boot_index": 0, "delete_on_termination": true, "volume_type": "ssd"});
        assert_eq!(disks(&ubuntu, &plain()), (String::new(), vec![boot, blank(10)]));
    }

    #[test]
    fn s5_the_volumes_of_an_image_of_a_server_with_volumes_go_with_the_new_server() {
        // As Nova writes it.
        let mapping = json!([
            {"source_type": "snapshot", "destination_type": "volume", "snapshot_id": "snap-1", "boot_index": 0,
                "volume_size": 30, "delete_on_termination": false, "device_name": "/dev/vda", "volume_id": null,
                "no_device": null, "disk_bus": "virtio", "device_type": "disk", "volume_type": null},
            {"source_type": "volume", "destination_type": "volume", "volume_id": "data-1", "boot_index": null,
                "delete_on_termination": true, "device_name": "/dev/vdb"},
            {"device_name": "/dev/vdc", "no_device": true}]);
        let snapshot = |size: u32| {
            json!({"source_type": "snapshot", "destination_type": "volume", "uuid": "snap-1", "boot_index": 0,
                "volume_size": size, "delete_on_termination": true, "disk_bus": "virtio", "device_type": "disk"})
        };
        let data = json!({"source_type": "volume", "destination_type": "volume", "uuid": "data-1", "boot_index": -1,
            "delete_on_termination": false});
        let mut ubuntu = node_type("ubuntu");
        assert_eq!(disks(&ubuntu, &image(&mapping)), (String::new(), vec![snapshot(30), data.clone()]));
        ubuntu.storage = Some(10);
        ubuntu.boot.volume = Some(BootVolume { size: 50, volume_type: None });
        assert_eq!(disks(&ubuntu, &image(&mapping)).1, [snapshot(50), data, blank(10)]);
        ubuntu.boot.volume = Some(BootVolume { size: 5, volume_type: None });
        assert_eq!(disks(&ubuntu, &image(&mapping)).1[0], snapshot(30), "a volume is no smaller than its snapshot");
        // Before Havana.
        let old = json!([{"device_name": "vda", "snapshot_id": "snap-1", "delete_on_termination": false}]);
        let boot = json!({"source_type": "snapshot", "destination_type": "volume", "uuid": "snap-1", "boot_index": 0,
            "delete_on_termination": true});
        assert_eq!(disks(&node_type("ubuntu"), &image(&old)), (String::new(), vec![boot]));
    }

    #[test]
    fn s5_a_volume_besides_the_image_is_replaced_by_its_device_or_not_ordered_at_all() {
        let mut mapping = json!([{"source_type": "blank", "destination_type": "volume", "volume_size": 5,
            "boot_index": -1, "device_name": "/dev/vdb"}]);
        let mut extra = blank(5);
        extra["device_name"] = "/dev/vdb".into();
        let ubuntu = node_type("ubuntu");
        assert_eq!(disks(&ubuntu, &image(&mapping)), ("image-1".into(), vec![on_host(), extra]));
        mapping[0]["device_name"] = Value::Null;
        let why = of(&ubuntu, &image(&mapping)).err().unwrap();
        assert!(why.contains("use one without block_device_mapping"), "{why}");
    }
}
