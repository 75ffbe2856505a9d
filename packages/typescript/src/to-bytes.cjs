/** The bytes of a text, not from the pool of Buffer: a program can see how much of that is used. */
const toBytes = (text) => {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text))
  bytes.write(text)
  return bytes
}

module.exports = { toBytes }
