//! What to suggest of a cloud's images and sizes, and what to call a node type of an image.

use crate::provider::{Image, Inventory, Size};

/// Distributions for which the boot script is written, the most usual first.
const USUAL: [&str; 4] = ["ubuntu", "debian", "rocky", "centos"];

/// What a build server should have, where there is such a size: cores and memory in MiB.
const COMFORTABLE: (u64, u64) = (2, 4096);

/// The image to suggest: the newest of a usual distribution, else the newest.
pub(crate) fn image(images: &[Image]) -> Option<&str> {
    let of = |name: &&str| images.iter().find(|image| image.name.to_lowercase().contains(*name));
    USUAL.iter().find_map(of).or(images.first()).map(|image| image.name.as_str())
}

/// The size to suggest: the smallest that is comfortable and large enough for the image, else the smallest that
/// is large enough, else the largest.
pub(crate) fn size<'a>(sizes: &'a [Size], image: Option<&Image>) -> Option<&'a str> {
    let (ram, disk) = image.map_or((0, 0), |image| (image.min_ram_mib, image.min_disk_gb));
    let fits = |size: &&Size| size.ram_mib >= ram && (size.disk_gb == 0 || size.disk_gb >= disk);
    let comfortable =
        |size: &&Size| fits(size) && (size.cores, size.ram_mib) >= COMFORTABLE && size.ram_mib >= COMFORTABLE.1;
    let first = sizes.iter().find(comfortable).or_else(|| sizes.iter().find(fits)).or(sizes.last());
    first.map(|size| size.name.as_str())
}

/// The image of this name.
pub(crate) fn image_named<'a>(inventory: &'a Inventory, name: &str) -> Option<&'a Image> {
    inventory.images.iter().find(|image| image.name == name)
}

/// The longest name, so that nodes fit in tables of 80 columns.
const LONGEST_NAME: usize = 16;

/// A short name of a node type for this image: its distribution, else its first words with dashes.
pub(crate) fn node_type_name(image: &str) -> String {
    let image = image.to_lowercase();
    let distribution = USUAL.iter().find(|name| image.contains(**name));
    if let Some(name) = distribution {
        return (*name).to_owned();
    }
    let words = image.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = String::new();
    for word in words.take_while(|word| !word.starts_with(|c: char| c.is_ascii_digit())) {
        if !name.is_empty() && name.len() + word.len() >= LONGEST_NAME {
            break;
        }
        name.push_str(if name.is_empty() { "" } else { "-" });
        name.push_str(word);
    }
    name.truncate(LONGEST_NAME);
    if name.is_empty() { "linux".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image_of(name: &str, min_ram_mib: u64, min_disk_gb: u64) -> Image {
        Image { id: String::new(), name: name.to_owned(), min_ram_mib, min_disk_gb }
    }

    fn size_of(cores: u64, ram_mib: u64, disk_gb: u64) -> Size {
        Size { id: String::new(), name: format!("{cores}-{ram_mib}"), cores, ram_mib, disk_gb }
    }

    #[test]
    fn a_usual_distribution_is_suggested_before_a_newer_image() {
        let images = ["windows", "debian-12", "Ubuntu 24.04", "ubuntu-22.04"].map(|name| image_of(name, 0, 0));
        assert_eq!(image(&images), Some("Ubuntu 24.04"));
        assert_eq!(image(&images[..1]), Some("windows"));
        assert_eq!(image(&[]), None);
    }

    #[test]
    fn the_smallest_comfortable_size_that_takes_the_image_is_suggested() {
        let sizes = [size_of(1, 512, 1), size_of(1, 8192, 20), size_of(2, 4096, 40), size_of(8, 16_384, 0)];
        assert_eq!(size(&sizes, None), Some("2-4096"));
        assert_eq!(size(&sizes, Some(&image_of("large", 8192, 50))), Some("8-16384"));
        assert_eq!(size(&sizes[..2], Some(&image_of("small", 600, 2))), Some("1-8192"));
        assert_eq!(size(&sizes[..1], Some(&image_of("small", 600, 2))), Some("1-512"));
        assert_eq!(size(&[], None), None);
    }

    #[test]
    fn a_node_type_is_called_after_its_image() {
        for (image, name) in [
            ("Ubuntu 24.04", "ubuntu"),
            ("Ubuntu Trusty (2014.04) cloudimg", "ubuntu"),
            ("CentOS Stream 9 x86_64 (GenericCloud).", "centos"),
            ("Fedora-Cloud-Base-41-1.4", "fedora-cloud"),
            ("openSUSE Leap 15.6", "opensuse-leap"),
            ("a-very-long-name-of-an-image", "a-very-long-name"),
            ("12 angry images", "linux"),
            ("日本", "linux"),
            ("..", "linux"),
        ] {
            assert_eq!(node_type_name(image), name);
        }
    }
}
