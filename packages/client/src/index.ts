// The SDK: see README.md.
export {}
