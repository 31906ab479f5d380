// Values and objects: literals, accessors, order, equality.

import JSON
import Testing

struct JSONValueTests {
    @Test func literals() {
        let name = "db-1"
        let value: JSONValue = [
            "name": "host \(name)", "up": true, "load": 0.5, "cores": 8, "note": nil, "tags": ["a", 1, nil],
            "in": ["x": [:], "y": []],
        ]
        #expect(
            value.text
                == #"{"name":"host db-1","up":true,"load":0.5,"cores":8,"note":null,"tags":["a",1,null],"in":{"x":{},"y":[]}}"#
        )
    }

    @Test func accessors() {
        let value: JSONValue = ["s": "x", "i": 3, "d": 1.5, "b": false, "n": nil, "a": [1, 2], "o": ["k": "v"]]
        #expect(value["s"]?.string == "x")
        #expect(value["i"]?.int == 3)
        #expect(value["i"]?.double == 3)
        #expect(value["d"]?.double == 1.5)
        #expect(value["d"]?.int == nil)
        #expect(value["b"]?.bool == false)
        #expect(value["n"]?.isNull == true)
        #expect(value["a"]?.array == [1, 2])
        #expect(value["a"]?[1]?.int == 2)
        #expect(value["a"]?[2] == nil)
        #expect(value["a"]?[-1] == nil)
        #expect(value["o"]?.object?["k"] == "v")
        #expect(value["o"]?["k"]?.string == "v")
        #expect(value["missing"] == nil)
        #expect(value["s"]?["x"] == nil)
        #expect(value["s"]?.int == nil)
        #expect(value["i"]?.string == nil)
        #expect(JSONValue.integer(Int64.max).text == "9223372036854775807")
        #expect(JSONValue.integer(UInt64.max).text == "18446744073709551615")
    }

    @Test func typeNames() {
        let values: [JSONValue] = [nil, true, 1, "x", [], [:]]
        #expect(values.map(\.typeName) == ["null", "boolean", "number", "string", "array", "object"])
    }

    @Test func objectKeepsOrder() {
        var object: JSONObject = ["b": 1, "a": 2]
        object["c"] = 3
        object["b"] = 4
        #expect(object.keys == ["b", "a", "c"])
        #expect(object.values == [4, 2, 3])
        object["a"] = nil
        #expect(object.keys == ["b", "c"])
        object["a"] = .null
        #expect(object.keys == ["b", "c", "a"])
        #expect(object["a"] == .some(.null))
        #expect(object.removeValue(forKey: "zzz") == nil)
        #expect(object.removeValue(forKey: "b") == 4)
        #expect(object.count == 2)
    }

    @Test func objectEqualityIgnoresOrderButNotMembers() {
        let left: JSONObject = ["a": 1, "b": ["x": 1, "y": 2]]
        let right: JSONObject = ["b": ["y": 2.0, "x": 1], "a": 1]
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(left != ["a": 1])
        #expect(left != ["a": 1, "c": ["x": 1, "y": 2]])
        #expect(left != ["a": 2, "b": ["x": 1, "y": 2]])
        #expect(JSONObject(["k": nil]) != JSONObject(["j": nil]))
        #expect(JSONObject([]) == [:])
    }

    @Test func largeObjectsBehaveAsSmallOnes() {
        var random = SeededGenerator()
        var object = JSONObject()
        var model: [(key: String, value: JSONValue)] = []
        for step in 0..<800 {
            let key = "k\(Int.random(in: 0..<40, using: &random))"
            if random.chance(3) {
                object[key] = nil
                model.removeAll { $0.key == key }
            } else if let index = model.firstIndex(where: { $0.key == key }) {
                object[key] = .integer(step)
                model[index].value = .integer(step)
            } else {
                object[key] = .integer(step)
                model.append((key, .integer(step)))
            }
            let note: Comment = "seed \(random.seed), step \(step)"
            #expect(object.keys == model.map(\.key), note)
            #expect(object.values == model.map(\.value), note)
            #expect(model.allSatisfy { object[$0.key] == $0.value }, note)
            #expect(object["k40"] == nil, note)
        }
    }
}
