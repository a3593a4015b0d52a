local crypto = require "vmhost.crypto"
local orbs_vectors = require "spec.support.orbs_vectors"

local hex, unhex = crypto.hex, crypto.unhex

local function leaves_of(case)
  local leaves = {}
  for i, leaf in ipairs(case.input.leaf_hashes) do leaves[i] = unhex(leaf) end
  return leaves
end

describe("the ordered tree #small", function()
  for _, case in ipairs(orbs_vectors.cases "ordered_tree") do
    it("has the root and proofs of a real node: " .. case.name, function()
      local leaves = leaves_of(case)

      local root = crypto.ordered_tree_root(leaves)

      assert.equal(case.expected_hex, hex(root))
      for i, expected in ipairs(case.proofs_hex or {}) do
        local proof = crypto.ordered_tree_proof(leaves, i)
        assert.equal(expected, hex(proof), "proof of leaf " .. i)
        assert.is_true(crypto.ordered_tree_verify(root, leaves[i], proof))
      end
    end)
  end

  it("has 32 zero bytes as the root of no leaves", function()
    assert.equal(("\0"):rep(32), crypto.ordered_tree_root {})
  end)

  it("names the leaf that is no hash", function()
    local leaf = crypto.sha256 "a"

    assert.error_matches(function() crypto.ordered_tree_root { leaf, "short" } end,
      "leaves[2]: expected 32 bytes, got 5", 1, true)
    assert.error_matches(function() crypto.ordered_tree_root { 1 } end,
      "leaves[1]: string expected, got number", 1, true)
  end)

  it("has no proof for a leaf that is not there", function()
    local leaves = { crypto.sha256 "a", crypto.sha256 "b" }

    for _, index in ipairs { 0, 3, -1 } do
      assert.error_matches(function() crypto.ordered_tree_proof(leaves, index) end,
        "no leaf " .. index .. " among 2", 1, true)
    end
    assert.has_error(function() crypto.ordered_tree_proof({}, 1) end)
  end)
end)

describe("ordered_tree_verify #small", function()
  local leaves = {}
  for i = 1, 5 do leaves[i] = crypto.sha256(string.char(i)) end
  local root = crypto.ordered_tree_root(leaves)
  local proof = crypto.ordered_tree_proof(leaves, 2)

  it("rejects another leaf, another root and a changed proof", function()
    assert.is_true(crypto.ordered_tree_verify(root, leaves[2], proof))
    assert.is_false(crypto.ordered_tree_verify(root, leaves[3], proof))
    assert.is_false(crypto.ordered_tree_verify(leaves[1], leaves[2], proof))
    for at = 1, #proof, 5 do
      local changed = proof:sub(1, at - 1) .. string.char(proof:byte(at) ~ 1) .. proof:sub(at + 1)
      assert.is_false(crypto.ordered_tree_verify(root, leaves[2], changed))
    end
  end)

  it("rejects a proof cut at any byte, or too long", function()
    for size = 0, #proof - 1 do
      assert.is_false(crypto.ordered_tree_verify(root, leaves[2], proof:sub(1, size)))
    end
    assert.is_false(crypto.ordered_tree_verify(root, leaves[2], proof .. ("\0"):rep(32)))
    assert.is_false(crypto.ordered_tree_verify(root, leaves[2], ("\0"):rep(32 * 65)))
  end)

  it("takes a root for the proof of itself, without siblings", function()
    assert.is_true(crypto.ordered_tree_verify(root, root, ""))
  end)

  it("refuses a root or leaf that is no hash", function()
    assert.has_error(function() crypto.ordered_tree_verify("", leaves[1], "") end)
    assert.has_error(function() crypto.ordered_tree_verify(root, "", "") end)
  end)
end)
