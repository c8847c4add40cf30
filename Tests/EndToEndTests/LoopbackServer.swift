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
    /// Stands still for so many seconds after each megabyte.
    case halting(Double)
    /// Changes the byte at this place of the file.
    case wrongByte(Int)
    /// Has only the beginning of the file, so many bytes.
    case shortened(Int)
    /// Knows no ranges: always gives the whole file.
    case wholeOnly
    /// Answers with this status.
    case failing(Int)
  }

  let port: UInt16
  private let socket: Int32
  private let manner: Mutex<Manner>
  private let ranges = Mutex<[Int]>([])
  private let isOpen = Atomic(true)

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
        guard client >= 0 else { break }
        self?.answer(client, files)
        close(client)
      }
      // Here alone: the number of a closed socket soon is another file's.
      close(listener)
    }
  }

  deinit { stop() }

  /// Ends `accept`, and with it the thread, which closes the socket.
  func stop() { if isOpen.exchange(false, ordering: .relaxed) { shutdown(socket, Int32(SHUT_RDWR)) } }

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
    let manner = manner.withLock { $0 }
    var range = lines.first { $0.lowercased().hasPrefix("range: bytes=") }
    let start = range.flatMap { Int($0.dropFirst("range: bytes=".count).prefix { $0.isNumber }) } ?? 0
    ranges.withLock { $0.append(start) }
    switch manner {
    case .wrongByte(let place) where place < file.count: file[place] ^= 1
    case .shortened(let count): file = file.prefix(count)
    case .wholeOnly: range = nil
    case .failing(let status): return send(client, Data("HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n".utf8))
    default: break
    }
    let first = range == nil ? 0 : start
    guard first < file.count else {
      return send(client, Data("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n".utf8))
    }
    let status = range == nil ? "200 OK" : "206 Partial Content\r\nContent-Range: bytes \(first)-\(file.count - 1)/\(file.count)"
    send(client, Data("HTTP/1.1 \(status)\r\nContent-Length: \(file.count - first)\r\nAccept-Ranges: bytes\r\n\r\n".utf8))
    switch manner {
    case .silent: sleep(4)
    case .brokenAfter(let count): send(client, file[first..<min(file.count, first + count)])
    case .halting(let seconds):
      for at in stride(from: first, to: file.count, by: 1_000_000) {
        send(client, file[at..<min(file.count, at + 1_000_000)])
        Thread.sleep(forTimeInterval: seconds)
      }
    default: send(client, file[first...])
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
