"""The virtual rack: see README.md."""

from .around import COMMUNITY, RACK, Around, by_bgp
from .base import Disk
from .ceph import Ceph
from .cluster import Cluster
from .events import ApiError
from .https import Https, openssl
from .machine import Machine
from .namespace import Namespace, RackError, cpu_seconds, descendants, pss_kib
from .outside import look, until
from .rack import ADDRESS, PHASES, ROOT, Rack, image_folder, site_of
from .s3 import S3

__all__ = ["ADDRESS", "ApiError", "Around", "COMMUNITY", "Ceph", "Cluster", "Disk", "Https", "Machine", "Namespace",
           "PHASES", "RACK", "ROOT", "Rack", "RackError", "S3", "by_bgp", "cpu_seconds", "descendants", "image_folder", "look",
           "openssl", "pss_kib",
           "site_of", "until"]
