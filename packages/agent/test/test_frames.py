import unittest

import frames


class Frames(unittest.TestCase):
    def test_a_frame_is_decoded_as_it_was_encoded(self) -> None:
        self.assertEqual([*frames.Decoder().feed(frames.encode(frames.EXEC, 7, b"{}"))], [(frames.EXEC, 7, b"{}")])

    def test_the_header_is_length_kind_and_stream_in_big_endian(self) -> None:
        self.assertEqual(frames.encode(65, 258, b"abc"), b"\0\0\0\x03\x41\0\0\x01\x02abc")

    def test_frames_are_the_same_in_pieces_of_every_size(self) -> None:
        sent = [(frames.PUT, 1, b"{}"), (frames.DATA, 1, bytes(range(256))), (frames.STDIN, 2, b"")]
        whole = b"".join(frames.encode(*frame) for frame in sent)
        for size in range(1, len(whole) + 1):
            decoder = frames.Decoder()
            pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
            self.assertEqual([frame for piece in pieces for frame in decoder.feed(piece)], sent)

    def test_a_frame_over_the_maximum_is_refused_by_its_header_alone(self) -> None:
        header = frames.HEADER.pack(frames.MAX_PAYLOAD + 1, frames.DATA, 1)
        with self.assertRaisesRegex(frames.ProtocolError, "a frame of 1048577 bytes"):
            list(frames.Decoder().feed(header))

    def test_a_frame_of_the_maximum_size_is_decoded(self) -> None:
        payload = bytes(frames.MAX_PAYLOAD)
        self.assertEqual([*frames.Decoder().feed(frames.encode(frames.DATA, 1, payload))], [(frames.DATA, 1, payload)])

    def test_no_two_kinds_have_one_number(self) -> None:
        requests = [frames.EXEC, frames.STDIN, frames.SIGNAL, frames.PUT, frames.DATA, frames.CREDIT, frames.INIT]
        responses = [
            frames.READY, frames.STDOUT, frames.STDERR, frames.EXIT, frames.DONE, frames.ERROR, frames.GRANT,
        ]  # fmt: skip
        self.assertEqual(len({*requests, *responses}), len(requests) + len(responses))
