// Written by Tests/oracles/pil_views.py. Do not edit.
import Datasets

enum ViewOracles {
  /// (image height, width, channels; size; recipe; PIL's bytes in hexadecimal)
  static let views: [(image: (Int, Int, Int), size: Int, recipe: ViewRecipe, bytes: String)] = [
    (
      (12, 14, 3), 8,
      ViewRecipe(
        top: 0, left: 0, height: 12, width: 14, rotation: nil, order: (.brightness, .contrast, .saturation, .hue),
        brightness: 1.0, contrast: 1.0, saturation: 1.0, hueSteps: nil, grey: false,
        flip: false),
      "0e68c32e8ca27ea14e9095818f5caa65759da3847e9eb85662bb6b77c36b9a8f60845b65716a778d438780a16e939e7f90e24298a6608b7c89828856"
        + "9a448b9478ac837a8a86794e9298508271884da47e7ec04e8a5d9d926389899e707b6e746362ab407ed065a59964988180756c98527e5aae6d67797c"
        + "5662b85a79b9a16180668baca5957bb1878c827983a57457488b89946b5c6e5da38592948e7b8891669f85529f988b8f8e9238dc386e7c74947d907e"
        + "9b9267807b8865718f897f74"
    ),
    (
      (12, 14, 3), 8,
      ViewRecipe(
        top: 3, left: 2, height: 5, width: 4, rotation: nil, order: (.brightness, .contrast, .saturation, .hue),
        brightness: 1.0, contrast: 1.0, saturation: 1.0, hueSteps: nil, grey: false,
        flip: false),
      "bd156db64e67a7c05aa8c35eba5774ce2d8de345a8ed51b5b47b629e8a6973a777669c897969a08e5b9da47481af8173aaf05683cc6e32859f146cbf"
        + "2982cf3f9aa956b44e62c120c3676c9c6c854d76b63186b0479d705eb74b77d24184e03b9e41958251a54a71c43a8db552a6776bc15286dd4993ec44"
        + "3c7ed0367cce2a77c93182cf4a9ce265b8bf81d6668fe53a4899ea4595e63f8fde4999c464b49881ad769f845ead705259a9f957a6f652a0ef5dabb9"
        + "79c75597a534b64555c51565"
    ),
    (
      (12, 14, 3), 8,
      ViewRecipe(
        top: 11, left: 13, height: 1, width: 1, rotation: nil, order: (.brightness, .contrast, .saturation, .hue),
        brightness: 1.0, contrast: 1.0, saturation: 1.0, hueSteps: nil, grey: false,
        flip: false),
      "41b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b529"
        + "41b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b529"
        + "41b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b52941b529"
        + "41b52941b52941b52941b529"
    ),
    (
      (12, 14, 3), 8,
      ViewRecipe(
        top: 0, left: 0, height: 8, width: 8, rotation: nil, order: (.brightness, .contrast, .saturation, .hue),
        brightness: 1.0, contrast: 1.0, saturation: 1.0, hueSteps: nil, grey: false,
        flip: true),
      "931ea96cea6887fa6d6cd64057ba1d0c6ac8035eb9005ab4d357dba71f97bd2b999d036983e343338feb257fd91d77d14fcc491e9002b7208992f456"
        + "73d02d96f04a83dc3576d02a8f057b59c531ed51b5c3217f9ff953bd156da5fd5593ed4793027158be245fbe1d308ae4075eb5a8fe548be23974ce28"
        + "d33ba393f35395ef4961b70d3387dbcf2377ad035991eb454fb0110a64be8fe43956a8fa2374c53284d60b60b5ea449e8fe9434599edc5156587d523"
        + "4f9deb59a9f92d81d50761bb"
    ),
    (
      (12, 14, 3), 8,
      ViewRecipe(
        top: 1, left: 1, height: 9, width: 11, rotation: nil, order: (.brightness, .contrast, .saturation, .hue),
        brightness: 1.375, contrast: 1.0, saturation: 1.0, hueSteps: nil, grey: false,
        flip: false),
      "4bc8ff89ffb5d36c8aec3cc1e773e4619091d1599fffe88fc8ff5dc3ff5cd7f082bd7e826bcf53c44addd679ae6bd2a5e1ff73c1d195c38fcbcbc886"
        + "ad6c81ff6cffaac1e0b07fcbe1b96f89b5d25dd7b69fff4bcf8a95b889ffd79ca9f6d98f8459ce6b94ff7aedc79fff8498bc95a25cd6c46c7984ff7f"
        + "40b2ff5eccff9fe9b2ae9bbc84f3a2ff69bfc8adaaa9c4b638a9ffa37fe8fe79a776a5ffa5ffaeffa2b5ecd5b1b0c79e59c7d6e28c679085e891f2e4"
        + "e29a72a086e7bb86eda560d3"
    ),
    (
      (12, 14, 3), 8,
      ViewRecipe(
        top: 1, left: 1, height: 9, width: 11, rotation: nil, order: (.brightness, .contrast, .saturation, .hue),
        brightness: 0.625, contrast: 1.3125, saturation: 1.0, hueSteps: nil, grey: false,
        flip: false),
      "135e89388452652739730a5a702b6e203c3d631b458f703c5e951e5a8c1c6776345731342662185b126a662f4e2663496c882b5a63405a3c5f5f5e37"
        + "4d27338027814c5a6b50335f6c55283852631e675345921362394053388167444a78673c351b61263e832f745d458f35415640461c665b272f358d33"
        + "0d51951f61a14572514e42563577468426575e4d4c4a5b53074a8f4833707d2f4a2c498549844e8c4652736550505d441b5d666e39233c35703d776e"
        + "6e4229463770563774491f65"
    ),
    (
      (12, 14, 3), 8,
      ViewRecipe(
        top: 2, left: 1, height: 7, width: 9, rotation: nil, order: (.hue, .contrast, .brightness, .saturation),
        brightness: 1.0, contrast: 0.65625, saturation: 1.0, hueSteps: 37, grey: false,
        flip: false),
      "51be7c57c38253bc828196735b6c554ba38e835564a13f6b62bb7b9d9d6a67a36bb1755c778a6d7475659f535dbf618259bf7b719c7d6758987d7688"
        + "519f6f7d6a58aa52568691998e96608e8b7f574a9a62a69251bb8095846cb469a98c7687834b649d66945e539f69b0966db29f738374996599954555"
        + "653eac7853bc6e57ae7f9d9b65668a5c9599926f56ab514d714bb78c66c5797a8f849562a36fa379b1aeb29372bf8a77623ca9956ba6b16d3a996975"
        + "7754b877afa5b69b7261b07d"
    ),
    (
      (12, 14, 3), 8,
      ViewRecipe(
        top: 0, left: 4, height: 10, width: 8, rotation: nil, order: (.saturation, .hue, .contrast, .brightness),
        brightness: 1.0, contrast: 0.75, saturation: 1.40625, hueSteps: 200, grey: false,
        flip: false),
      "9d4e42ba8168af90693075c166b7c375a83a3ca2c0b753a290619b2a34c5605577818b99576943259bccc11ea5ba987ca469ad3b3bdcb1631e625d7b"
        + "366dc1449fde9c573c48ba7355c17ea43b38c0571e1e2caa4d81cfaaa86e5d93a9c360c4ad854cdb502bc59b596651b446de873352aab71e8ad9cd4c"
        + "96b25da2427824db42c34d1e2222c53d4ed3aa7821919f7bc356c459a7aa3dde54d94827493edea670868e7da28980725daf8d54de65b45b389150c8"
        + "5cc9907d52bc57de8a424091"
    ),
    (
      (12, 14, 3), 8,
      ViewRecipe(
        top: 0, left: 4, height: 10, width: 8, rotation: nil, order: (.contrast, .brightness, .hue, .saturation),
        brightness: 1.25, contrast: 1.25, saturation: 0.59375, hueSteps: 101, grey: true,
        flip: false),
      "676767a2a2a2a1a1a1cdcdcde2e2e27f7f7fcccccccececea6a6a6b4b4b46e6e6ec7c7c7484848dadadab1b1b1bcbcbcc4c4c4c7c7c72626267c7c7c"
        + "cfcfcfdbdbdb4d4d4d7a7a7a8f8f8f6d6d6d353535898989dadadab0b0b0c9c9c9d3d3d3787878717171949494b3b3b3828282a6a6a6aaaaaa9a9a9a"
        + "b0b0b0a6a6a65a5a5a3a3a3aa9a9a9cecece393939bdbdbdccccccb1b1b18080806f6f6fc5c5c5c7c7c7c4c4c4949494979797a0a0a0575757bdbdbd"
        + "a1a1a1b5b5b5939393828282"
    ),
    (
      (12, 14, 1), 8,
      ViewRecipe(
        top: 1, left: 2, height: 9, width: 9, rotation: 17.5, order: (.brightness, .contrast, .saturation, .hue),
        brightness: 1.375, contrast: 0.6875, saturation: 1.25, hueSteps: 77, grey: true,
        flip: false),
      "2f2fcfd17dbfc32fb0cca874abd6822faed1b6b69fb7a2decf9c819dbbb7bda1c85397999598de7c9563979f8282ded52f7477d27b989ec72f80d179"
        + "95ca2f2f"
    ),
    (
      (12, 14, 1), 7,
      ViewRecipe(
        top: 0, left: 0, height: 12, width: 12, rotation: -24.25, order: (.brightness, .contrast, .saturation, .hue),
        brightness: 1.0, contrast: 1.3125, saturation: 1.0, hueSteps: nil, grey: false,
        flip: true),
      "00009d858c7100629d91ab9b98009b74a7815e5f90a99e7d714e3e4575999d6b9585880084d09e7780f6007da2a2840000"
    ),
    (
      (12, 14, 3), 8,
      ViewRecipe(
        top: 2, left: 3, height: 8, width: 8, rotation: 90.0, order: (.brightness, .contrast, .saturation, .hue),
        brightness: 1.0, contrast: 1.0, saturation: 1.0, hueSteps: nil, grey: false,
        flip: false),
      "ca741e19b959a43ad0f37f0b06880a55cd45e04ebc2f93f78720b9d161f157de65a11f9daf2499f965d17fe245c9237d86109acb4dcfd44ec8198bfd"
        + "9a046edf41a3e8429c2d7fd14fcc498f057b930271d33ba34fb0118fe94393e639d31f6b1e900259c53158be2493f3530a64be4599ed4492e07fc70f"
        + "b72089ed51b55fbe1d95ef498fe439c515653782cd6db3f992f456c3217f308ae461b70d56a8fa87d523f43e88256bb173d02d9ff953075eb53387db"
        + "2374c54f9debb7024de32b73"
    ),
    (
      (40, 37, 3), 9,
      ViewRecipe(
        top: 0, left: 0, height: 40, width: 37, rotation: nil, order: (.brightness, .contrast, .saturation, .hue),
        brightness: 1.0, contrast: 1.0, saturation: 1.0, hueSteps: 255, grey: false,
        flip: false),
      "6fa372857b748975858e8985897d8c8a7b977f88958498858982816c83957b89848979818388858379777f7a8980838b8e807d867c878a7376857c81"
        + "8b79848a81868585918680888e81858b7981797d867a848971707f7e79788778847c7f70858e7d808e837c8f7e767a87798377777d777e7977857469"
        + "8672768d838190797673797773747684797a8d808d86868f8c8d7385887d897e86847e846c7e837d788281888d92838e77828e797f7f81846f758878"
        + "8a8a707c7a7a847c7a7f778186797c857a857873878872938984898b828d8e7883769c868173848a657a926d7f75717788667a8076858f798379817c"
        + "6d8e88"
    ),
    (
      (24, 33, 3), 20,
      ViewRecipe(
        top: 1, left: 0, height: 20, width: 33, rotation: nil, order: (.brightness, .contrast, .saturation, .hue),
        brightness: 0.8125, contrast: 1.15625, saturation: 0.71875, hueSteps: 128, grey: false,
        flip: false),
      "99592095563d4d71711b7d2e4d7d47534e3b5182979a556d746a6585657788434f5c4474708945a1a58f71828a506092675e5586884ab17c7f9883d0"
        + "773aaa8649b97d4ea842525e6f3d732a6d1d4d4e6a6f607f72797f4d69527f955b5496404f767e7c736dab784697b64ca9b17e8c60789c5594b0b0b0"
        + "9457c7567b8a618c91608c8136674262a052705441628a82505f6ea89a903765547b8a865789403c5e641286648550825737522f5a3f50a16e3e5369"
        + "753bab995eac884a247b3b8e326948777b74618c7680548353637c5487836b7b75854a9e73934ab26c4d896854536a4e7d6d432d2653813ba29b7ba6"
        + "46537c27763a854c7a8d4fbd677f64768644455b8c7279545b7b4789917b6650944c5d397236654d3a5e69645dba804d7a7d806f7b877d7142549489"
        + "567c419358239f65428a516f5c3e5b1b682f76376f7b2f4f677d5c9e5669293a2e234f6d7c8b8b6560945c667069704b947389bc779447b293368b34"
        + "8c4e17b47b488966864c6e508b709257a9746d6c748570897d5b8f5f5e7b8281813d69515764806c9042995e259b867b74434e3f5f7f79718f8241ab"
        + "557d41877441288e589778487e6990657b906b7a813d5f514173597f4a54303b455d51400c622f5a506939537d173e392ca2675b9c371e290f296031"
        + "8e50195243706475488e5e6c4b766e637d427a884348804b484376868359907389b2aba587603a668b3e568f66808d9a6e48959d4aa27c77977860ac"
        + "6a2ea13b8d804d65377f8e61837f73617e90798b4e636676958e88a892738d7c9d57656c3e8368a8824659937b314f6d26846f1c89484b7f8e8f8c8b"
        + "3a49732ca976607a617d55854b437751694d814a6e4a623e6466685540675a6838a56a705e8174434a90b15db6ba68969c9b9a8a5e74496b2b596a33"
        + "682ea25c8c82976f9d5a33283f3c764b69967e4e6f58798d758c8c79946b6f748f9d7043a38688ac89698e95515190235a6a3f795e45669b72628bb4"
        + "3b4a744a443a3b6b8981775533714f41744f5d855b637b48414a6165466c35752a315b7c0f1f2d2f77805f3aa3683787b16185875b575a6b8e316f61"
        + "487137ae7f554f805c30664756656c497ca7817956285a2c749164646c80479538937f5f827e9c423f3b5f3e1b6ca85e70a34345504b653d9c707b6a"
        + "638d5472459f67476b6f523a765c474e362d765a996a454198748f506d61711d78321d59898352a779848672aa854cbfaa448cb428468146348b4766"
        + "4771389e714976694c24664c6f5c49412f6f4b6d733164485b7f58ae7746576b42373b7f2c649d4a647d3d3d39298a603a3b596586b78283ab4f839d"
        + "648e55835c919a7c645d4936a091844a3c3176675a846f5b2c684a28788174554e6f6e72b75197c15982a4a0aa91798b42736d34785434495d5a4089"
        + "9c6376522a2b896e56776758857c73736c6579726b473a4f665d944a869a9d6e8d602685386b8e5e941e5a732e5e574f8352267f291a6d70396e6964"
        + "2d3f6b6769426d57944235404a4540303030373636706d683f3678624c541b70491a89597549893a478d896c968b9ea72b639d338a5a853b54693040"
        + "9d6678714d746752816b61584343446e73785d646a54585c1f28263e8f83a78d753861362a9959489b43669d2f243e36766a77455c8216683341678d"
    ),
  ]

  /// SHA-256 of PIL's bytes for all 2^24 colours, red slowest, blue fastest.
  static let hueBy0 = "117f7237e5d272e10db1172e862e82389e9329a68811e5b66d5cb576cd276c57"
  static let hueBy37 = "e74260eec5ef70937714155ba692f3bfeca91b613bc0fe19cc419c6cdb68a930"
  static let hueBy201 = "5c4b7fc590b141c956c4d7a9d2e52c86ddda31adab40ce7b6cca303320cf1905"
  static let saturationBy1_3125 = "8e53954d1d4a0d74d848bf9e06456ab93c4c0162fc833af2a64ec46bdd70bec9"
  static let saturationBy0_65625 = "e9c2842f2cc26bb426bee01d368fa1f8067c9db173171da2d897b37567614646"
  static let grey = "7a9ac148696cc08e69745e510ad1a228f087fb9a7bcddb6601fa66e09b516c0b"
}
