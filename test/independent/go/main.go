// Checks a folder of tiles with Go's own transparency log code, which shares nothing with ours:
//
//	main FOLDER VKEY [OLDER-CHECKPOINT-FILE]
//
// It verifies the checkpoint's signature, reads every hash through tiles that are authenticated
// against the root, recomputes the hash of every entry, proves entries and the older checkpoint.
// Prints "ok SIZE", or what is wrong and exits with 1.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Go's paths name the height of the tiles, those of C2SP tlog-tiles do not.
func tilePath(t tlog.Tile) string {
	return strings.Replace(t.Path(), "tile/8/", "tile/", 1)
}

type folder string

func (f folder) Height() int { return 8 }

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		data, err := os.ReadFile(filepath.Join(string(f), tilePath(t)))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

func fail(what string, err error) {
	fmt.Printf("%s: %v\n", what, err)
	os.Exit(1)
}

// checkpoint gives the tree that a signed note of three lines is about.
func checkpoint(path string, vkey string) tlog.Tree {
	text, err := os.ReadFile(path)
	if err != nil {
		fail("checkpoint", err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		fail("key", err)
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		fail("checkpoint", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		fail("checkpoint", fmt.Errorf("unexpected text %q", opened.Text))
	}
	var size int64
	if _, err := fmt.Sscanf(lines[1], "%d", &size); err != nil {
		fail("checkpoint", err)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		fail("checkpoint", err)
	}
	return tlog.Tree{N: size, Hash: root}
}

func entries(f folder, n int64, width int) [][]byte {
	tile := tlog.Tile{H: 8, L: 0, N: n, W: width}
	path := strings.Replace(tilePath(tile), "tile/0/", "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(string(f), path))
	if err != nil {
		fail("entries", err)
	}
	var all [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			fail("entries", fmt.Errorf("%s is cut off", path))
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		all = append(all, data[2:end])
		data = data[end:]
	}
	if len(all) != width {
		fail("entries", fmt.Errorf("%s holds %d entries, not %d", path, len(all), width))
	}
	return all
}

func main() {
	f, vkey := folder(os.Args[1]), os.Args[2]
	tree := checkpoint(filepath.Join(string(f), "checkpoint"), vkey)
	hashes := tlog.TileHashReader(tree, f)
	for n := int64(0); n*256 < tree.N; n++ {
		width := 256
		if tree.N-n*256 < 256 {
			width = int(tree.N - n*256)
		}
		var indexes []int64
		for i := 0; i < width; i++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, n*256+int64(i)))
		}
		// Authenticates the tile, and those above it, against the root of the checkpoint.
		stored, err := hashes.ReadHashes(indexes)
		if err != nil {
			fail("tiles", err)
		}
		for i, entry := range entries(f, n, width) {
			if tlog.RecordHash(entry) != stored[i] {
				fail("entries", fmt.Errorf("entry %d does not have its hash", n*256+int64(i)))
			}
		}
	}
	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil || root != tree.Hash {
		fail("root", fmt.Errorf("%v %v", root, err))
	}
	for _, i := range []int64{0, tree.N / 2, tree.N - 1} {
		proof, err := tlog.ProveRecord(tree.N, i, hashes)
		if err != nil {
			fail("inclusion", err)
		}
		width := 256
		if left := tree.N - i/256*256; left < 256 {
			width = int(left)
		}
		leaf := tlog.RecordHash(entries(f, i/256, width)[i%256])
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, i, leaf); err != nil {
			fail("inclusion", err)
		}
	}
	if len(os.Args) > 3 {
		older := checkpoint(os.Args[3], vkey)
		proof, err := tlog.ProveTree(tree.N, older.N, hashes)
		if err != nil {
			fail("consistency", err)
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash); err != nil {
			fail("consistency", err)
		}
	}
	fmt.Printf("ok %d\n", tree.N)
}
