import Glibc

/// Whether tests may mount small file systems here, to fill them.
package enum MountRight {
  /// Only root may, and not in every container.
  package static let isGiven: Bool = {
    guard getuid() == 0 else { return false }
    let script = "mount --make-rprivate / && mount -t tmpfs -o size=64k none /mnt"
    return system("unshare -m sh -c '\(script)' >/dev/null 2>&1") == 0
  }()

  /// What a test that is left out says.
  package static let words = "file systems can only be mounted by root"
}
