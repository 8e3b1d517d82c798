import Glibc

/// Whether tests may make a file system in a file and mount it here.
enum LoopRight {
  static let isGiven: Bool = {
    guard getuid() == 0 else { return false }
    let script =
      "d=$(mktemp -d) && truncate -s 2M $d/f && mkfs.ext4 -q $d/f && mkdir $d/m && mount --make-rprivate / "
      + "&& mount -o loop $d/f $d/m && umount $d/m; r=$?; rm -rf $d; exit $r"
    return Glibc.system("unshare -m sh -c '\(script)' >/dev/null 2>&1") == 0
  }()

  /// What a test that is left out says.
  static let words = "file systems in files (loop devices) can only be mounted by root, and not everywhere"
}
