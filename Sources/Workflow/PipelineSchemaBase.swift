/// The part of pipeline.schema.json that does not depend on the programs: the form of the file.
enum PipelineSchemaBase {
  static let text = #"""
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "A study for ccr",
      "description": "Profiles, stages and settings. What fits this schema has the right shape; whether names, values and programs agree, `ccr plan` says.",
      "type": "object",
      "if": {"required": ["extends"]},
      "else": {
        "required": ["pipeline", "profiles", "stages"],
        "properties": {
          "profiles": {"additionalProperties": {"required": ["axes"]}},
          "stages": {"additionalProperties": {"required": ["program"]}}
        }
      },
      "additionalProperties": false,
      "properties": {
        "$schema": {"type": "string"},
        "extends": {
          "description": "A file that this one extends, relative to this one: objects merge, null takes a member away, rules are appended, all else is replaced.",
          "type": "string",
          "minLength": 1
        },
        "pipeline": {"description": "Version of this format.", "const": 1},
        "methods": {
          "description": "What makes each method: hyperparameters of its stage, and constants. A matrix takes them by \"methods\".",
          "type": "object",
          "propertyNames": {"$ref": "#/$defs/coordinateName"},
          "additionalProperties": {"$ref": "#/$defs/method"}
        },
        "datasets": {
          "description": "What makes each data set: constants, and settings of stages. A folder data/NAME of your own is one too.",
          "type": "object",
          "propertyNames": {"$ref": "#/$defs/coordinateName"},
          "additionalProperties": {"$ref": "#/$defs/dataset"}
        },
        "profiles": {
          "description": "Named sizes of the study; --profile chooses one.",
          "type": "object",
          "additionalProperties": {"$ref": "#/$defs/profile"}
        },
        "stages": {
          "description": "Programs and how they feed each other. Their order does not matter.",
          "type": "object",
          "propertyNames": {"$ref": "#/$defs/name"},
          "additionalProperties": {"$ref": "#/$defs/stage"}
        },
        "settings": {
          "description": "Rules in order; the later wins. Objects of a stage merge member by member, all else is replaced whole, $names are put in last.",
          "type": "array",
          "items": {"$ref": "#/$defs/settingsRule"}
        }
      },
      "$defs": {
        "name": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
        "coordinateName": {"type": "string", "pattern": "^[A-Za-z0-9_.+-]+$"},
        "constant": {"description": "A constant, $name, or a text with one.", "type": "string", "pattern": "\\$"},
        "coordinate": {
          "description": "A value of an axis: a word or an integer, since it becomes part of folder names.",
          "anyOf": [{"type": "string", "pattern": "^[A-Za-z0-9_.+-]+$"}, {"type": "integer"}]
        },
        "coordinates": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"$ref": "#/$defs/coordinate"}},
        "condition": {
          "description": "Every axis named must have the value given, or one of the values; \"profile\" counts as an axis.",
          "type": "object",
          "minProperties": 1,
          "additionalProperties": {"anyOf": [{"$ref": "#/$defs/coordinate"}, {"$ref": "#/$defs/coordinates"}]}
        },
        "dataset": {
          "type": "object",
          "properties": {
            "title": {"description": "What tables and figures call it.", "type": "string", "minLength": 1},
            "like": {"description": "Another data set, whose members it has where it says nothing else.", "type": "string", "minLength": 1},
            "published": {"description": "The data set of published.json whose numbers stand beside it; null where there are none."}
          }
        },
        "profile": {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "axes": {
              "description": "The values that \"*\" stands for in a stage's matrix.",
              "type": "object",
              "propertyNames": {"$ref": "#/$defs/name"},
              "additionalProperties": {"$ref": "#/$defs/coordinates"}
            },
            "let": {
              "description": "Its budget: constants that hold where no data set, method or rule says otherwise.",
              "type": "object"
            },
            "exclude": {
              "description": "Instances to leave out: those that have all axes of a condition and match it; null takes away those of the file that is extended.",
              "anyOf": [{"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/condition"}}, {"const": null}]
            },
            "include": {
              "description": "Further instances, also of values that the axes lack, for every stage with one of the axes named; wins over exclude.",
              "type": "array",
              "minItems": 1,
              "items": {"$ref": "#/$defs/condition"}
            },
            "slurm": {
              "description": "What its jobs ask a Slurm cluster for with --executor slurm; flags win. Reaches no key.",
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "partition": {"type": "string", "minLength": 1},
                "account": {"type": "string", "minLength": 1},
                "time": {"description": "Minutes, or as Slurm writes it, \"2-00:00:00\".", "type": ["string", "integer"]},
                "cpus": {"description": "CPUs of a job.", "type": "integer", "minimum": 1},
                "memory": {"description": "MiB, or \"16G\".", "type": ["string", "integer"]},
                "maxJobs": {"description": "Jobs in the queue at once.", "type": "integer", "minimum": 2},
                "bundle": {"description": "Instances that take fewer minutes share jobs.", "type": "number", "minimum": 0, "maximum": 1440},
                "sbatch": {
                  "description": "Further options of sbatch, such as --qos=long.",
                  "anyOf": [{"type": "string", "pattern": "^--."}, {"type": "array", "items": {"type": "string", "pattern": "^--."}}]
                }
              }
            }
          }
        },
        "stage": {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "program": {"description": "A program beside ccr; with a slash, a path relative to this file.", "type": "string", "minLength": 1},
            "matrix": {
              "description": "One instance for each combination of values of the axes.",
              "type": "object",
              "propertyNames": {"$ref": "#/$defs/name"},
              "additionalProperties": {
                "anyOf": [
                  {"description": "\"*\": the profile's values. \"methods\": those whose stage this is. A stage: the values it has on this axis.", "type": "string", "minLength": 1},
                  {"$ref": "#/$defs/coordinates"}
                ]
              }
            },
            "byDefault": {
              "description": "Values of axes; instances with others run only where a selector names them, or something needs them.",
              "type": "object"
            },
            "inputs": {"anyOf": [{"$ref": "#/$defs/inputRule"}, {"type": "array", "items": {"$ref": "#/$defs/inputRule"}}]},
            "outputs": {"anyOf": [{"$ref": "#/$defs/outputRule"}, {"type": "array", "items": {"$ref": "#/$defs/outputRule"}}]},
            "publish": {
              "description": "Folder, relative to this file, that gets copies of the outputs.",
              "anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"$ref": "#/$defs/publishRule"}}]
            },
            "cost": {
              "description": "Expected work relative to other stages until a run has measured it; decides the order of starting and nothing else.",
              "type": "number",
              "exclusiveMinimum": 0
            },
            "timeout": {
              "description": "How long one execution may take: 90s, 15min, 2h, 1.5d. Then it is asked to save a checkpoint and end, and counts as failed.",
              "type": "string",
              "pattern": "^[0-9.]+ ?(s|min|h|d)$|\\$"
            },
            "memory": {
              "description": "How much memory its processes may take together: 500MB, 4GiB. What takes more is killed and counts as failed.",
              "type": "string",
              "pattern": "^[0-9.]+ ?[MGT]i?B$|\\$"
            }
          }
        },
        "reference": {"description": "stage.port", "type": "string", "pattern": "^[^.]+\\.[^.]+$"},
        "inputRule": {
          "description": "Where each input port comes from; with where, for the matching instances only.",
          "type": "object",
          "properties": {"where": {"$ref": "#/$defs/condition"}},
          "additionalProperties": {
            "anyOf": [
              {"$ref": "#/$defs/reference"},
              {
                "description": "Exactly one of these must exist for the instance's coordinates.",
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/$defs/reference"}
              },
              {
                "description": "All instances that match; {\"setting\": \"layout.rows.method\"} stands for what that setting holds.",
                "type": "object",
                "required": ["gather"],
                "additionalProperties": false,
                "properties": {"gather": {"$ref": "#/$defs/reference"}, "where": {"type": "object"}}
              },
              {
                "description": "A file, relative to this one.",
                "type": "object",
                "required": ["file"],
                "additionalProperties": false,
                "properties": {"file": {"type": "string", "minLength": 1}}
              }
            ]
          }
        },
        "outputRule": {
          "description": "The file name of each output port.",
          "type": "object",
          "properties": {"where": {"$ref": "#/$defs/condition"}},
          "additionalProperties": {"type": "string", "minLength": 1}
        },
        "publishRule": {
          "type": "object",
          "required": ["folder"],
          "additionalProperties": false,
          "properties": {"where": {"$ref": "#/$defs/condition"}, "folder": {"type": "string", "minLength": 1}}
        },
        "settingsRule": {
          "description": "Constants under \"let\", and for each stage its settings.",
          "type": "object",
          "properties": {"where": {"$ref": "#/$defs/condition"}, "let": {"type": "object"}},
          "additionalProperties": {"type": "object"}
        }
      }
    }
    """#
}
