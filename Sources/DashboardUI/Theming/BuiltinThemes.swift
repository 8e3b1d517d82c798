/// The files of `themes/` as `Package.swift` embeds them: one line a theme, in the order of lists and of `T`.
enum BuiltinThemes {
  static let files: [(slug: String, bytes: [UInt8])] = [
    ("flightdeck-dark", PackageResources.flightdeck_dark_yaml),
    ("flightdeck-light", PackageResources.flightdeck_light_yaml),
    ("flightdeck-contrast", PackageResources.flightdeck_contrast_yaml),
    ("noon", PackageResources.noon_yaml),
    ("hangar", PackageResources.hangar_yaml),
    ("cirrus", PackageResources.cirrus_yaml),
    ("altitude", PackageResources.altitude_yaml),
    ("beacon-light", PackageResources.beacon_light_yaml),
    ("beacon-dark", PackageResources.beacon_dark_yaml),
    ("radar-amber", PackageResources.radar_amber_yaml),
  ]
}
