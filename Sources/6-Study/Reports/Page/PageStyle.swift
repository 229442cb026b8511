/// The style sheet of a page: both colour schemes, and what is between the pictures.
enum PageStyle {
  static var text: String {
    let light = Color.allCases.map { "--\($0.rawValue):\(Color.hexadecimal($0.light))" }.joined(
      separator: ";")
    let dark = Color.allCases.map { "--\($0.rawValue):\(Color.hexadecimal($0.dark))" }.joined(separator: ";")
    return """
      :root{color-scheme:light dark;\(light)}
      @media (prefers-color-scheme:dark){:root{\(dark)}}
      *{box-sizing:border-box}
      body{margin:0 auto;max-width:80rem;padding:1.5rem;background:var(--paper);color:var(--ink);\
      font:15px/1.5 "DejaVu Sans",Verdana,Arial,sans-serif;overflow-wrap:anywhere}
      h1{font-size:1.6rem;margin:0 0 .25rem}
      h2{font-size:1.3rem;margin:2.5rem 0 .25rem;border-top:1px solid var(--rule);padding-top:1.5rem}
      h3{font-size:1.05rem;margin:2rem 0 .5rem}
      p{margin:.25rem 0}
      .muted{color:var(--muted)}
      dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.75rem;margin:1.25rem 0}
      dl>div{background:var(--panel);border-radius:6px;padding:.6rem .8rem}
      dt{color:var(--muted);font-size:.85rem}
      dd{margin:0;font-size:1.1rem;font-variant-numeric:tabular-nums}
      dd small{display:block;color:var(--muted);font-size:.75rem}
      figure{margin:1rem 0;overflow-x:auto}
      .row{display:flex;flex-wrap:wrap;gap:1rem;align-items:flex-start}
      .row figure{margin:.5rem 0;max-width:100%}
      svg{display:block;max-width:100%;height:auto}
      .scroll{overflow-x:auto}
      table{border-collapse:collapse;width:100%;font-size:.85rem}
      th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--rule);overflow-wrap:normal}
      td{white-space:nowrap}
      td.name{white-space:normal;overflow-wrap:anywhere;min-width:8rem}
      .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
      th button{font:inherit;font-weight:bold;color:inherit;background:none;border:0;padding:0;cursor:pointer}
      th button:hover,th button:focus-visible{color:var(--accent)}
      th[aria-sort=ascending] button::after{content:" \\2191"}
      th[aria-sort=descending] button::after{content:" \\2193"}
      tbody tr:hover{background:var(--panel)}
      summary{cursor:pointer;font-size:1.05rem;font-weight:bold;margin:2rem 0 .5rem}
      @media (max-width:48rem){body{padding:1rem}dl{grid-template-columns:1fr 1fr;gap:.5rem}\
      dd{font-size:1rem}svg{min-width:26rem}.row svg{min-width:0}table{font-size:.8rem}th,td{padding:.25rem .45rem}\
      td.name{position:sticky;left:0;background:var(--paper);min-width:6.5rem}tbody tr:hover td.name{background:inherit}}
      @media print{tbody tr:hover{background:none}}
      """
  }
}
