import Foundation
import Synchronization

/// An HTTP server on 127.0.0.1 that serves files, whole or from the middle, well or badly.
final class LoopbackServer: Sendable {
  /// How it serves.
  enum Manner: Sendable {
    case well
    /// Closes the connection after so many bytes of the answer.
    case brokenAfter(Int)
    /// Sends the head and then nothing.
    case silent
    /// Changes the byte at this place of the file.
    case wrongByte(Int)
  }

  let port: UInt16
  private let socket: Int32
  private let manner: Mutex<Manner>
  private let ranges = Mutex<[Int]>([])

  init(files: [String: Data], manner: Manner) throws {
    self.manner = Mutex(manner)
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = socket
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRINUSE) }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [weak self] in
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0, let self else { return }
        self.answer(client, files)
        close(client)
      }
    }
  }

  deinit { stop() }

  func stop() { shutdown(socket, Int32(SHUT_RDWR)); close(socket) }

  func serve(_ new: Manner) { manner.withLock { $0 = new } }

  /// Where the answers so far began in their files.
  var starts: [Int] { ranges.withLock { $0 } }

  private func answer(_ client: Int32, _ files: [String: Data]) {
    var request = [UInt8]()
    var block = [UInt8](repeating: 0, count: 4096)
    while !String(decoding: request, as: UTF8.self).contains("\r\n\r\n") {
      let count = read(client, &block, block.count)
      if count <= 0 { return }
      request += block[..<count]
    }
    let lines = String(decoding: request, as: UTF8.self).components(separatedBy: "\r\n")
    let path = lines[0].split(separator: " ").dropFirst().first.map { String($0.dropFirst()) } ?? ""
    guard var file = files[path] else { return send(client, Data("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".utf8)) }
    let range = lines.first { $0.lowercased().hasPrefix("range: bytes=") }
    let start = range.flatMap { Int($0.dropFirst("range: bytes=".count).prefix { $0.isNumber }) } ?? 0
    ranges.withLock { $0.append(start) }
    let manner = manner.withLock { $0 }
    if case .wrongByte(let place) = manner, place < file.count { file[place] ^= 1 }
    let status = range == nil ? "200 OK" : "206 Partial Content\r\nContent-Range: bytes \(start)-\(file.count - 1)/\(file.count)"
    send(client, Data("HTTP/1.1 \(status)\r\nContent-Length: \(file.count - start)\r\nAccept-Ranges: bytes\r\n\r\n".utf8))
    switch manner {
    case .silent: sleep(4)
    case .brokenAfter(let count): send(client, file[start..<min(file.count, start + count)])
    default: send(client, file[start...])
    }
  }

  private func send(_ client: Int32, _ data: Data) {
    data.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = Glibc.send(client, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
        if count <= 0 { return }
        sent += count
      }
    }
  }
}
