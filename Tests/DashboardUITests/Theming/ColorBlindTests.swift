import TerminalKit
import Testing

@testable import DashboardUI

/// What is well and what is not, seen with the eyes of those who lack one kind of cone: Machado, Oliveira and Fernandes
/// (2009) at full severity, compared in Oklab.
@Suite struct ColorBlindTests {
  enum Sight: String, CaseIterable, Sendable {
    case full, protanopia, deuteranopia

    var matrix: [[Double]] {
      switch self {
      case .full: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
      case .protanopia:
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
      case .deuteranopia:
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
      }
    }
  }

  private static func cubeRoot(_ x: Double) -> Double {
    guard x > 0 else { return 0 }
    var root = 1.0
    for _ in 0..<60 { root -= (root * root * root - x) / (3 * root * root) }
    return root
  }

  private static func product(_ matrix: [[Double]], _ vector: [Double]) -> [Double] {
    matrix.map { row in zip(row, vector).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  private static func oklab(_ color: RGB, _ sight: Sight) -> [Double] {
    let light = [color.red, color.green, color.blue].map { RGB.linear[RGB.byte($0)] }
    let seen = product(sight.matrix, light).map { min(1, max(0, $0)) }
    let cones = product(
      [
        [0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
      ], seen
    ).map(cubeRoot)
    return product(
      [
        [0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
      ], cones)
  }

  private static func distance(_ a: RGB, _ b: RGB, _ sight: Sight) -> Double {
    zip(oklab(a, sight), oklab(b, sight)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  }

  /// Pairs that must not be taken for one another, and how far apart they are to be; the diff's grounds are tints, but
  /// large.
  private static let inks: [(Role, Role)] = [
    (.runSucceeded, .runFailed), (.runRunning, .runFailed), (.runAttention, .runFailed), (.runRunning, .runSucceeded),
    (.added, .removed), (.yes, .invalid), (.linkLive, .linkConnecting),
  ]
  private static let grounds: [(Role, Role, Double)] = [
    (.diffAdded, .diffRemoved, 0.025), (.diffAddedWord, .diffRemovedWord, 0.07), (.toastGood, .toastBad, 0.07),
  ]

  private static func nearest(_ theme: Theme, _ sight: Sight) -> [String] {
    var found: [String] = []
    for (one, other) in inks {
      guard let a = RGB(theme[one].foreground), let b = RGB(theme[other].foreground) else { return ["no colour"] }
      let apart = distance(a, b, sight)
      if apart < 0.1 { found.append("\(one) and \(other): \(apart)") }
    }
    for (one, other, least) in grounds {
      guard let a = RGB(theme[one].background), let b = RGB(theme[other].background) else { return ["no colour"] }
      let apart = distance(a, b, sight)
      if apart < least { found.append("\(one) and \(other): \(apart)") }
    }
    return found
  }

  @Test(
    "Well and not well stay apart without red or without green cones", arguments: ["beacon-dark", "beacon-light"],
    Sight.allCases)
  func safe(slug: String, sight: Sight) throws {
    let theme = try #require(ThemeLibrary.builtin.first { $0.slug == slug })
    #expect(Self.nearest(theme, sight) == [])
  }

  @Test("The measure tells: red and green themes fail it, for those eyes alone")
  func fails() throws {
    let theme = try #require(ThemeLibrary.builtin.first { $0.slug == "flightdeck-dark" })
    #expect(!Self.nearest(theme, .deuteranopia).isEmpty)
    #expect(Self.nearest(theme, .full) == [])
  }
}
